"""The whole of Paylinks on one machine, under one supervisor: what `make up` starts.

`stack` starts and stops everything in order. `child` keeps one process alive, `program` says what a process is, and
`postgres`, `nats`, `gateway` and `services` say which ones there are. `home`, `ports`, `credentials` and `addresses`
decide where things are; `local_file` tells scripts. `orphans` sees to it that nothing stays behind.
"""
