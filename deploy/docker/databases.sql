-- A database for each service; no service reads another's.
CREATE DATABASE links;
CREATE DATABASE checkout;
CREATE DATABASE notify;
