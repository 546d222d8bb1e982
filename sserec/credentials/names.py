"""What secrets are called: in heads, in URLs, in JSON and forms, on a command line. Pure.

The tables are the whole knowledge, names in lower case; what is done with a name that stands in one of them, those
know who read it.
"""

import re

SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "x-goog-api-key",  # Google
        "x-goog-iam-authorization-token",
        "x-goog-iap-jwt-assertion",
        "x-goog-authenticated-user-id",
        "x-api-key",  # Anthropic, AWS API Gateway
        "anthropic-organization-id",
        "api-key",  # Azure OpenAI
        "ocp-apim-subscription-key",  # Azure API Management
        "openai-organization",
        "openai-project",
        "x-amz-security-token",  # AWS
        "x-auth-key",  # Cloudflare
        "cf-access-client-secret",
        "x-csrf-token",
        "x-xsrf-token",
        "session-id",
        "x-session-id",
        "mcp-session-id",  # who has it is the client
        "dpop",  # RFC 9449
    }
)
SECRET_HEADER_ENDINGS = (
    "-key",
    "apikey",
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "-auth",
    "authorization",
    "authentication",
    "credential",
    "credentials",
    "signature",
    "assertion",
    "-jwt",
    "-otp",
    "-sid",
    "session",
    "session-id",
    "sessionid",
)
"""A header nobody has heard of is a secret when its name ends so."""
OPEN_HEADER_ENDINGS = ("idempotency-key", "websocket-key", "cache-key", "surrogate-key")
"""But not when it ends so."""
COOKIE_HEADERS = frozenset({"cookie", "set-cookie"})
SUBPROTOCOL_HEADER = "sec-websocket-protocol"
"""Where browsers put a key for want of another place."""
SECRET_QUERY = frozenset(
    {
        "key",  # Google
        "api_key",
        "apikey",
        "api-key",
        "x-api-key",
        "subscription-key",  # Azure
        "access_token",  # OAuth 2
        "refresh_token",
        "id_token",
        "client_secret",
        "client_assertion",
        "assertion",
        "samlresponse",
        "code",
        "token",
        "auth",
        "bearer",
        "jwt",
        "ticket",
        "otp",
        "pass",
        "session",
        "sessionid",
        "session_id",
        "sid",
        "sig",  # Azure SAS
        "signature",
        "oauth_signature",
        "password",
        "secret",
        "awsaccesskeyid",  # AWS, version 2
        "x-amz-credential",  # AWS SigV4 in a URL
        "x-amz-signature",
        "x-amz-security-token",
        "x-goog-credential",  # Google signed URLs
        "x-goog-signature",
        "upload_id",  # of a resumable upload, which needs no other key
    }
)
SECRET_MEMBERS = frozenset(
    {
        "api_key",
        "apikey",
        "api-key",
        "authorization_token",  # Anthropic, of an MCP server
        "access_token",  # OAuth 2 and its extensions
        "accesstoken",
        "refresh_token",
        "refreshtoken",
        "id_token",
        "idtoken",
        "client_secret",
        "clientsecret",
        "client_assertion",
        "assertion",
        "subject_token",
        "actor_token",
        "code_verifier",
        "device_code",
        "authorization",
        "password",
        "passwd",
        "secret",
        "private_key",
        "privatekey",
        "secret_access_key",  # AWS
        "secretaccesskey",
        "session_token",
        "sessiontoken",
    }
)
"""Members of JSON bodies, and fields of forms besides those of SECRET_QUERY, that are a secret whatever they hold. A
narrow table, unlike the others: a model's own words and the schemas of tools stand in bodies too."""
SECRET_OPTIONS = frozenset(
    {
        "-u",  # curl
        "--user",
        "-U",
        "--proxy-user",
        "--oauth2-bearer",
        "--pass",
        "--proxy-pass",
        "-b",
        "--cookie",
        "-E",
        "--cert",
        "-a",  # httpie
        "--auth",
        "--password",  # wget
        "--http-password",
        "--proxy-password",
        "--api-key",
        "--apikey",
        "--key",
        "--token",
        "--access-token",
        "--auth-token",
        "--secret",
        "--client-secret",
    }
)
"""Command-line options whose value is a secret, those of curl, wget and httpie and the usual names elsewhere."""
PAIR_OPTIONS = frozenset(
    {"-u", "--user", "-U", "--proxy-user", "-a", "--auth", "-b", "--cookie", "-E", "--cert"}
)
"""Of these, the ones that mean something harmless in other programs (``python -u``): only a pair is a secret."""

AUTH_OPTIONS = frozenset({"-a", "--auth"})
"""And of these, the ones whose secret may also be a single one: ``http -A bearer -a TOKEN``."""
SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:key|token|pwd|credentials?|bearer|jwt)$|(?:password|passwd|passphrase|secret)$"
    r"|(?:api|access|account|auth|private|secret|session|signing)[_-]?key$"
    r"|(?:access|api|auth|bearer|client|id|refresh|security|session)token$"
)
"""Of anything that holds a value: variables, options, parameters, and members whose value looks made up."""
