"""Which names, and which values, say that a value is secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from gp_mockserver.security.secret_names import is_secret_header, is_secret_name
from gp_protocol.values.data_types import DATA_TYPES

_OTHERS: Final = frozenset(
    {"sig", "signature", "xamzsignature", "xgoogsignature", "xamzcredential", "accountkey", "privatekey"}
    | {"accesskey", "accesskeyid", "subscriptionkey", "sharedaccesssignature", "sessionid", "jsessionid"}
    | {"phpsessid", "aspnetsessionid", "sessionkey", "samlresponse", "agsroles", "ocpapimsubscriptionkey"}
    | {"assertion", "clientassertion", "csrf", "xsrf", "otp", "passcode", "samlassertion", "sessionkey"}
    | {"sharedkey", "portalsharedkey", "sharedaccesskey", "signaturekey", "signingkey", "encryptionkey"}
    | {"gpstringhidden", "setcookie", "cookie", "cookies", "xesriauthorization", "proxyauthorization"}
)
_SAY_SOMETHING_ELSE: Final = re.compile(
    r"(?:field|fields|fieldname|name|names|url|urls|uri|type|types|expires|expiresin|expiration|expirationtime"
    r"|expiry|validity|lifetime|ttl|required|enabled|supported|policy|service|services|servicesurl|servicesuri"
    r"|endpoint|count|length|len|format|duration|timeout|age|created|issued|issuedat|minutes|seconds|mode"
    r"|params|description|label|hint|prompt|message|error|index|status|valid|based|based\w+|security|present"
    r"|maxlength|minlength|location|issuer|tolerance|ary|aries|arial|ariat|ion|ive|ly|ize|ized|izer|ization"
    r"|ise|ised|supportedmethods|methodssupported|algorithm|alg|alias|displayname|aliases|methods)\Z"
)
"""What follows the word in names of things about a token, and in words that only begin so."""
_WORD_OF_NAME: Final = re.compile(
    r"(?:token|password|passwd|pwd|passphrase|secret|apikey|esriauth|credential|codeverifier)s?"
)
_IS_ONE: Final = re.compile(
    r"(?:tokens?|password\d?|passwd|pwd|passphrase|secrets?|apikey|credentials?|codeverifier|authorization|auth"
    r"|pass|basic|signature|sig|key|sessionid|sessid|jsessionid|cookies?|roles|samlresponse|gpstringhidden|assertion|csrf|xsrf|otp|passcode)\Z"
)
_IN_OTHER_LANGUAGES: Final = re.compile(
    r"(?:passwort|kennwort|motdepasse|contrase(?:n|ñ|ã|u00f1)?a|wachtwoord|adgangskode|l(?:ö|o|ã)senord)\d?\Z"
    r"|\A(?:user|db)?(?:senha|heslo)\Z"
)
"""The words for passwords that German, French, Spanish, Dutch, Danish, Swedish, Portuguese and Czech have."""
COMMON: Final = frozenset(
    {"true", "false", "null", "none", "undefined", "json", "pjson", "html", "token", "password", "secret"}
    | {"arcgis", "server", "portal", "rest", "services", "service", "admin", "user", "users", "username"}
    | {"tokens", "referer", "requestip", "client", "bearer", "basic", "string", "number", "integer", "text"}
    | {"required", "optional", "invalid", "expired", "missing", "value", "values", "name", "names", "type"}
    | {
        "esri",
        "gis",
        "default",
        "public",
        "private",
        "test",
        "demo",
        "https",
        "http",
        "form",
        "post",
        "query",
    }
    | {"data", "file", "files", "error", "message", "status", "description", "details", "authorization"}
    | {"features", "geometry", "attributes", "results", "result", "inputs", "input", "jobs", "execute"}
    | {"submitjob", "header", "cookie", "path", "unknown", "other", "session", "code", "implicit", "refresh"}
)
"""Words that stand everywhere. One that is somebody's password is masked where it is named so, and only
there."""
_SOFT: Final = frozenset({"signature", "sig", "auth", "pass", "credential", "credentials", "csrf", "xsrf"})
"""Names that also passes in mountains, signatures of rasters and kinds of log-ins have."""
_ORDINARY: Final = re.compile(
    r"(?:true|false|null|none|undefined|nan|-?\d{1,3}(?:\.\d+)?|required|invalid|expired|missing|string|number"
    r"|must|should|is|was|not|has|have|cannot|could|and|or|the|a|an|for|of|to|in|with|could|does|may|will"
    r"|\d+\s?(?:s|ms|min|mins|minutes|h|hours|d|days|seconds|weeks|months|years)"
    r"|unknown|met|expected|empty|none|yes|no|ok|based|security|service|services|bearer|basic|ntlm|negotiate"
    r"|digest|kerberos|erforderlich|ungültig|falsch|fehlt|abgelaufen|vergessen|requise?|invalide|incorrecte?"
    r"|requerid[ao]|incorrecta|inválid[ao]|wrong|denied|incorrect|protected|changed|forgotten)[.,;:!?]?\Z",
    re.IGNORECASE,
)
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}\Z|esri(?:FieldType|GP|Job|Geometry|Execution)[A-Za-z]+\Z")
_ADDRESS: Final = re.compile(r"(?:https?:)?//|/[\w.-]+/", re.IGNORECASE)
_HEX_OR_ID: Final = re.compile(
    r"[ij]?(?:[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}|[0-9a-f]+|[0-9A-F]+)\Z"
)
_SHORTEST_RANDOM: Final = 32
_LONGEST_RANDOM: Final = 2048


@lru_cache(maxsize=4096)
def names_a_secret(name: str) -> bool:
    """Whether what a member, a parameter or a field of this name holds is secret: `token`, not `tokenUrl`."""
    name = name[:200]
    folded = re.sub(r"[\W_]+", "", name.lower())
    if folded in _OTHERS or _IN_OTHER_LANGUAGES.search(folded):
        return True
    if not is_secret_name(name):
        return False
    ends = [found.end() for found in _WORD_OF_NAME.finditer(folded)]
    return not ends or _SAY_SOMETHING_ELSE.match(folded, ends[-1]) is None


@lru_cache(maxsize=1024)
def is_secret_header_name(name: str) -> bool:
    """Whether a header's value is secret as a whole."""
    low = name.lower()
    return low not in ("www-authenticate", "proxy-authenticate") and (
        names_a_secret(name) or (is_secret_header(name) and names_a_secret(f"{name}-token"))
    )


HOLDERS: Final = frozenset({"value", "defaultValue"})
"""Members that hold what another member beside them names."""


_HIDDEN_TYPES: Final = ("GPStringHidden", "GPMultiValue:GPStringHidden")


def name_of_held(data: Mapping[str, Any]) -> str:
    """The name of the secret that an object holds as its `value`: `{"name": "token", "value": "…"}`, a
    result of such a name, a hidden text. Empty where it holds none."""
    called = data.get("name") or data.get("paramName") or data.get("key")
    if isinstance(called, str) and names_a_secret(called):
        return called
    return "GPStringHidden" if data.get("dataType") in _HIDDEN_TYPES else ""


def is_value_of_secret(value: str, name: str = "") -> bool:
    """Whether what is called a secret may be one: not `true`, `required`, a type or an address; where other
    things have such names, too, no plain word."""
    if len(value) < 2 or _ORDINARY.match(value) or _PLACEHOLDER.match(value):
        return False
    if value.partition(":")[0] in DATA_TYPES:
        return False
    if _ADDRESS.match(value) and not (value[:1] == "/" and len(value) >= 20 and looks_random(value)):
        return False
    if re.sub(r"[\W_]+", "", name.lower()) in _SOFT:
        return len(value) >= 6 and any(map(str.isdigit, value)) and " " not in value.strip()
    return True


def is_no_plain_word(value: str) -> bool:
    """Whether a value is no word, and no number, that a list or a table may hold as well."""
    return (
        len(value) >= 4
        and value.lower() not in COMMON
        and re.search(r"[\d!?#*$%&@+=/\\]", value) is not None
        and (re.search(r"[^\W\d_]", value) is not None or (len(value) >= 6 and value.isdigit()))
    )


def is_likely_secret(value: str, *, is_cited: bool = False) -> bool:
    """Whether a word that a sentence calls a secret is one: `password is hunter2`, not `token is invalid`.
    `is_cited`: it stands in quotes."""
    if not any(map(str.isdigit, value)):
        return False
    if is_cited:
        is_no_phrase = len(value) >= 8 and re.search(r"[^\w\s.,:()=\-]", value) is not None
        return len(value) >= 4 and (" " not in value or is_no_phrase)
    return len(value) >= 6 and any(map(str.isalpha, value))


def is_masked_everywhere(name: str, value: str) -> bool:
    """Whether a value that was found by this name is masked wherever it stands, not only beside the name:
    it is long enough, no word of every day, and the name is a secret's own."""
    if len(value) < 4 or value.lower() in COMMON or (value.isdigit() and len(value) < 6):
        return False
    if len(set(value)) < 3:
        return False
    folded = re.sub(r"[\W_]+", "", name.lower())
    if _IN_OTHER_LANGUAGES.search(folded):
        return True
    return _IS_ONE.search(folded) is not None or (len(value) >= 8 and looks_random(value))


def looks_random(value: str) -> bool:
    """Whether a value of eight characters or more is likely no word and no name: letters and digits mixed."""
    digits = sum(each.isdigit() for each in value)
    letters = sum(each.isalpha() for each in value)
    return len(value) >= 8 and digits >= 2 and letters >= 2 and " " not in value


def is_token_shaped(run: str) -> bool:
    """Whether a run of letters, digits and `+/_-=.` looks like a token though nothing calls it one: long,
    small and capital letters and digits in no order. Ids, hashes, names and paths do not."""
    run = run.strip("=.-_/+")
    size = len(run)
    if not _SHORTEST_RANDOM <= size <= _LONGEST_RANDOM or _HEX_OR_ID.match(run):
        return False
    kinds = run.translate(_KINDS)
    small, capital, digit = kinds.count("a"), kinds.count("A"), kinds.count("0")
    if small < size * 0.15 or capital < size * 0.15 or digit < max(2, size * 0.04):
        return False
    changes = sum(one != other for one, other in pairwise(kinds))
    if changes < size * 0.4 or len(set(run)) < min(20, size * 0.45):
        return False
    return not _IS_PICTURE.match(run)


_KINDS: Final = str.maketrans(
    "".join(map(chr, range(33, 127))),
    "".join(
        "a" if chr(each).islower() else "A" if chr(each).isupper() else "0" if chr(each).isdigit() else "_"
        for each in range(33, 127)
    ),
)
_IS_PICTURE: Final = re.compile(r"iVBORw0KGgo|/9j/|R0lGOD|UEsDB|H4sI|JVBERi|SUkq|PHN2Zy|PD94bW|Qk0")
"""How base64 of PNG, JPEG, GIF, zip, gzip, PDF, TIFF, SVG, XML and BMP begins."""
