"""Every operation of the native API, once: what the OpenAPI document says and what a test holds the routes to."""

from typing import Final

from services.links.dialects.native import (
    catalog_operations,
    examples,
    link_operations,
    member_operations,
    superset_operations,
)
from services.links.dialects.native.wire import account
from shared.runtime.listing import Page
from shared.runtime.operation import PAGE, TEXT, Operation, page_example

_ORGANIZATION: Final = "/v1/organizations/{org_id}"
_KEY: Final = "/v1/api-keys/{key_id}"
_ORGANIZATIONS: Final = (
    Operation(
        method="get",
        path="/v1/organizations/current",
        id="getCurrentOrganization",
        summary="Read the organization of the key",
        scope="organization:read",
        answer=account.Organization,
        answer_example=examples.ORGANIZATION,
        has_revision=True,
    ),
    Operation(
        method="get",
        path=_ORGANIZATION,
        id="getOrganization",
        summary="Read an organization",
        scope="organization:read",
        answer=account.Organization,
        answer_example=examples.ORGANIZATION,
        has_revision=True,
    ),
    Operation(
        method="patch",
        path=_ORGANIZATION,
        id="updateOrganization",
        summary="Change what is named; null clears",
        scope="organization:write",
        body=account.PatchOrganization,
        body_example=examples.PATCH_ORGANIZATION,
        answer=account.Organization,
        answer_example=examples.ORGANIZATION,
        if_match=True,
        has_revision=True,
        codes=("unknown_currency",),
    ),
)
_KEYS: Final = (
    Operation(
        method="post",
        path="/v1/api-keys",
        id="createApiKey",
        summary="Make an API key; its secret is shown once",
        scope="keys:write",
        status=201,
        body=account.CreateApiKey,
        body_example=examples.CREATE_KEY,
        answer=account.NewApiKey,
        answer_example=examples.NEW_KEY,
    ),
    Operation(
        method="get",
        path="/v1/api-keys",
        id="listApiKeys",
        summary="List API keys, newest first",
        scope="keys:write",
        answer=Page[account.ApiKey],
        answer_example=page_example(examples.KEY),
        query=PAGE,
    ),
    Operation(
        method="get",
        path=_KEY,
        path_schema=TEXT,
        id="getApiKey",
        summary="Read an API key, without its secret",
        scope="keys:write",
        answer=account.ApiKey,
        answer_example=examples.KEY,
    ),
    Operation(
        method="delete",
        path=_KEY,
        path_schema=TEXT,
        id="revokeApiKey",
        summary="Revoke an API key",
        scope="keys:write",
        answer=account.ApiKey,
        answer_example=examples.KEY,
    ),
    Operation(
        method="post",
        path=f"{_KEY}/rotate",
        path_schema=TEXT,
        id="rotateApiKey",
        summary="Make its successor; the old key works on for a while",
        scope="keys:write",
        status=201,
        body=account.RotateApiKey,
        body_example=examples.ROTATE_KEY,
        body_required=False,
        answer=account.NewApiKey,
        answer_example=examples.NEW_KEY,
        codes=("key_ended",),
    ),
)
OPERATIONS: Final = (
    *link_operations.LINKS,
    *superset_operations.SUPERSET,
    *catalog_operations.CATALOG,
    *_ORGANIZATIONS,
    *_KEYS,
    *member_operations.MEMBERS,
)
