"""No secret survives in a contract, whatever it is, wherever it stands, and however it is spelt."""

from __future__ import annotations

import json
import random
import re
import time
import uuid
from base64 import b64encode
from hashlib import sha256
from urllib.parse import quote

import pytest
from gpharness.contracts.answers import answer_from
from gpharness.contracts.contract import Answer, Asked, Contract, Conversation, Provenance
from gpharness.contracts.contract_files import SecretLeft, read_contract, write_contract
from gpharness.contracts.secrets import Mask, scan, scan_files
from gpharness.probing.exchanges import Exchange
from planted_secrets import PLACES, RECURRENCES, SECRETS, exchange, parts_of, survivors

JOB_ID = "j0123456789abcdef0123456789abcdef"


def contract_of(*exchanges: Exchange) -> Contract:
    """A contract that keeps whatever stands in the exchanges, more than any recorder does."""
    asked = []
    for each in exchanges:
        answer = answer_from(each.status or 200, each.headers, each.body)
        parts = {name: part.decode("utf-8", "replace") for name, part in parts_of(each).items()}
        parameters = parts | dict(each.parameters)
        asked.append(Asked(each.operation, each.url, answer, each.method, parameters))
    return Contract(
        Provenance("recorded", of="https://gis.example.com", at="2026-11-26T20:15:00Z"),
        conversations=[Conversation("planted", "request", asked=asked)],
    )


def written(folder) -> bytes:
    return b"\n".join(each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file())


def test_there_are_secrets_enough():
    assert len(SECRETS) * len(PLACES) >= 300
    assert len(SECRETS) * len(RECURRENCES) >= 100


@pytest.mark.parametrize("place", PLACES)
def test_no_planted_secret_survives(place):
    for secret in SECRETS.values():
        planted = PLACES[place](secret)
        assert any(survivors(secret, part) for part in parts_of(planted).values()), "it is not there at all"
        told = Mask().exchange(planted)
        for name, part in parts_of(told).items():
            assert not survivors(secret, part), (name, part)
            assert scan(part) == [], (name, part)


@pytest.mark.parametrize("place", PLACES)
def test_no_file_is_written_that_holds_a_secret(tmp_path, place):
    for number, secret in enumerate(SECRETS.values()):
        planted = PLACES[place](secret)
        with pytest.raises(SecretLeft) as error:
            write_contract(contract_of(planted), tmp_path / f"{number}.yaml")
        assert not survivors(secret, str(error.value).encode())
    assert written(tmp_path) == b""


@pytest.mark.parametrize("form", ["c.yaml", "c.json", "c"])
def test_no_secret_stands_in_any_file_of_a_contract(tmp_path, form):
    mask = Mask()
    secrets = [SECRETS["token of a server"], SECRETS["odd password"]]
    planted = [make(secret) for make in PLACES.values() for secret in secrets]
    write_contract(contract_of(*mask.exchanges(planted)), tmp_path / form, known=mask)
    whole = written(tmp_path)
    for secret in secrets:
        assert not survivors(secret, whole)
    assert scan_files([tmp_path], known=mask) == []


@pytest.mark.parametrize("spelling", RECURRENCES)
@pytest.mark.parametrize("around", ['{"value":"note (%s) here"}', "x=%s&y=1", "<p>%s</p>"])
def test_what_one_exchange_tells_to_be_secret_is_masked_in_all_others(spelling, around):
    for secret in SECRETS.values():
        text = around % RECURRENCES[spelling](secret)
        before = exchange(body=text.encode(), name="out.zip", fault_text=text)
        telling = exchange(parameters={"token": secret})
        told, _ = Mask().exchanges([before, telling])
        for part in parts_of(told).values():
            assert not survivors(secret, part), part
        assert scan(text, known=[secret]), text
        assert scan({"a": [text]}, known=Mask(known=[secret])), text


@pytest.mark.parametrize("around", ["%s", 'Cannot open "%s"', '{"value":"%s"}', "<p>%s</p>"])
def test_a_password_ends_at_the_semicolon_in_a_connection_string_and_at_the_ampersand_in_a_query(around):
    told = (
        "SERVER=db1;PASSWORD=Ab3&cd9;VERSION=SDE.DEFAULT",
        "PASSWORD=Ab3&cd9;SERVER=db1",
        "UID=sde;PWD=Ab3&cd9",
    )
    for text in (told[0], told[0].replace(";", "; "), *told[1:], told[0].replace("&", "&amp;")):
        masked = Mask().text(around % text)
        assert not re.search("Ab3|cd9", masked), text
        assert all(kept in masked for kept in ("db1", "SDE.DEFAULT", "sde") if kept in text), text
    for text in ("https://h/x?password=Ab3xyz7&f=json", "f=json&amp;password=Ab3xyz7&amp;f=json"):
        masked = Mask().text(around % text)
        assert "Ab3" not in masked
        assert masked.count("f=json") == text.count("f=json")


def test_the_beginning_of_a_token_that_was_cut_off_is_masked():
    token = SECRETS["token of a portal"]
    mask = Mask(known=[token])
    assert token[:20] not in mask.text(f"Token {token[:20]}… refused")
    assert scan(f"refused: {token[:20]}...", known=mask)


def test_the_same_secret_has_the_same_stand_in_of_its_form():
    mask = Mask()
    token = SECRETS["token of a server"]
    planted = [PLACES[place](token) for place in ("query", "json", "authorization", "html, field")]
    told = mask.exchanges(planted)
    stand_in = json.loads(told[1].body)["token"]
    assert len(stand_in) == len(token)
    assert stand_in.endswith("..")
    assert stand_in != token
    assert told[0].url.endswith(f"token={stand_in}")
    assert told[2].request_headers == (("Authorization", f"Bearer {stand_in}"),)
    assert f'value="{stand_in}"'.encode() in told[3].body


@pytest.mark.parametrize("name", SECRETS)
def test_a_stand_in_is_of_the_secrets_kind_and_known_as_one(name):
    secret = SECRETS[name]
    stand_in = Mask().value("token", secret)
    assert stand_in != secret
    assert Mask().value("token", stand_in) == stand_in
    assert scan({"token": stand_in}) == scan(f"https://x/?token={stand_in}&f=json") == []
    if secret.isdigit():
        assert stand_in.isdigit()
    if name == "hex token":
        assert int(stand_in, 16) > 0
        assert len(stand_in) == len(secret)
    if name == "jwt":
        assert stand_in.count(".") == 2
    if secret.isascii() and len(secret) >= 12:
        assert abs(len(stand_in) - len(secret)) <= 24


def test_stand_ins_tell_nothing_of_secrets_and_are_the_same_each_time():
    one = [Mask().value("token", secret) for secret in ("Ab3dEf6hIj9lMn2pQr5t", "Zz9yXw6vUt3sRq0pOn7m")]
    assert one[0] == one[1]
    mask = Mask()
    two = [mask.value("token", secret) for secret in ("Ab3dEf6hIj9lMn2pQr5t", "Zz9yXw6vUt3sRq0pOn7m")]
    assert two[0] != two[1]


def test_lengths_are_left_to_whoever_serves():
    token = SECRETS["token of a portal"]
    told = Mask().exchange(PLACES["json"](token))
    assert "content-length" not in answer_from(200, (("Content-Length", "99"),), told.body).headers


def test_an_odd_password_that_is_masked_leaves_json_as_json():
    for secret in SECRETS.values():
        told = Mask().exchange(PLACES["json in json in json"](secret))
        inner = json.loads(json.loads(json.loads(told.body)["v"])["w"])["accessToken"]
        assert inner
        told = Mask().exchange(PLACES["form, layer with a token"](secret))
        assert told.request_body.startswith(b"f=json&In_Layer=")


def test_a_word_of_every_day_is_masked_only_where_it_is_named_a_password():
    body = b'{"tasks":["arcgis test"],"u":"https://gis.example.com/arcgis/rest","login":"user=a&password=arcgis"}'
    told = Mask().exchange(exchange(body=body, parameters={"password": "arcgis"}))
    assert b"https://gis.example.com/arcgis/rest" in told.body
    assert b"password=arcgis" not in told.body
    assert told.parameters["password"] != "arcgis"
    assert scan(told.body) == []


def random_features(count: int) -> bytes:
    drawn = random.Random(1)
    features = [
        {
            "attributes": {
                "OBJECTID": number,
                "GlobalID": f"{{{str(uuid.UUID(int=drawn.getrandbits(128))).upper()}}}",
                "author": f"Passenger {number}",
                "Secretary": "J. Doe",
                "mail": f"a{number}@example.org",
                "link": f"https://example.org/a/b/c{number}?f=json",
            },
            "geometry": {
                "rings": [[[drawn.uniform(-1e7, 1e7), drawn.uniform(-1e7, 1e7)] for _ in range(12)]]
            },
        }
        for number in range(count)
    ]
    return json.dumps(
        {"paramName": "Out", "dataType": "GPRecordSet", "value": {"features": features}}
    ).encode()


ORDINARY = {
    "a job": json.dumps({"jobId": JOB_ID, "jobStatus": "esriJobSucceeded"}).encode(),
    "a server": b'{"authInfo":{"isTokenBasedSecurity":true,"tokenServicesUrl":"https://h/arcgis/tokens/",'
    b'"shortLivedTokenValidity":60}}',
    "an error": b'{"error":{"code":499,"message":"Token Required","details":["token is not valid"]}}',
    "a token that is empty": b'{"token":"","password":null}',
    "a parameter of a token": b'{"name":"Token_Field","dataType":"GPString","defaultValue":"NAME"}',
    "features": random_features(50),
    "a file": b'{"value":{"url":"https://h/arcgis/rest/directories/arcgisjobs/a_gpserver/j%s/scratch/o.zip"}}'
    % (b"0f" * 16),
    "a hash": json.dumps({"sha256": sha256(b"x").hexdigest(), "itemID": f"i{uuid.UUID(int=7)}"}).encode(),
    "a picture": json.dumps(
        {"imageData": b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256))).decode()}
    ).encode(),
    "a projection": b'{"wkt":"PROJCS[\\"x\\",AUTHORITY[\\"EPSG\\",\\"3857\\"]]"}',
    "messages": b'{"description":"Executing (BufferPoints): BufferPoints \\"Feature Set\\" \\"8.5 Miles\\""}',
    "a path of words": b"/arcgis/rest/services/SampleWorldCities/MapServer/World2000PopulationDensityInMiles",
    "a page": b'<a href="/arcgis/rest/login?redirect=%2Farcgis%2Frest">Login</a> <b>Token:</b> none',
    "a form": b"f=json&env%3AoutSR=102100&Input_Points=%7B%22x%22%3A%201%7D&returnMessages=true",
    "base64 of numbers": b64encode(bytes(range(250)) * 8),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_bodies_stay_as_they_are(name):
    body = ORDINARY[name]
    mask = Mask(known=[SECRETS["odd password"], SECRETS["token of a portal"]])
    assert mask.exchange(exchange(body=body)).body == body
    assert scan(body) == []


def test_a_contract_of_ordinary_things_has_no_leak(tmp_path):
    exchanges = [exchange(body=body) for body in ORDINARY.values()]
    write_contract(contract_of(*exchanges), tmp_path / "c", known=[SECRETS["password"]])
    assert scan_files([tmp_path]) == []
    assert scan(read_contract(tmp_path / "c")) == []


def test_names_of_users_are_masked_on_request():
    planted = exchange(
        parameters={"username": "jane.doe"},
        body=b'{"owner":"jane.doe","u":"https://jane.doe:pw9pw9pw9@h/","m":"jane.does"}',
        request_headers=(("Authorization", f"Basic {b64encode(b'jane.doe:pw9pw9pw9').decode()}"),),
    )
    assert b"jane.doe" in Mask().exchange(planted).body
    told = Mask(usernames=True).exchange(planted)
    assert told.parameters == {"username": "user0001"}
    assert json.loads(told.body)["owner"] == "user0001"
    for part in parts_of(told).values():
        assert "jane.doe" not in part.decode().replace("jane.does", "")
    assert not survivors("pw9pw9pw9", b"".join(parts_of(told).values()))


PATHS = {
    r"D:\arcgisserver\directories\arcgisjobs\a_gpserver\j1\scratch\out.shp": r"C:\server\path0001.shp",
    "D:/arcgisserver/data/out.gdb": "C:/server/path0001.gdb",
    r"\\fileserver\share\data\x.tif": r"\\server\path0001.tif",
    "/arcgis/directories/arcgisjobs/a/j1/scratch/out.zip": "/server/path0001.zip",
    "/home/ags/data/x.gdb": "/server/path0001.gdb",
    r"C:\Program Files\ArcGIS\Server\x.py": r"C:\server\path0001.py",
}


@pytest.mark.parametrize("path", PATHS)
def test_paths_of_the_server_are_masked_on_request(path):
    said = f"ERROR 000732: Dataset {path} does not exist"
    assert Mask().text(said) == said
    mask = Mask(server_paths=True)
    assert mask.text(said) == f"ERROR 000732: Dataset {PATHS[path]} does not exist"
    in_json = mask.text(json.dumps({"d": f"{said}\nNext"}))
    assert json.loads(in_json)["d"] == f"ERROR 000732: Dataset {PATHS[path]} does not exist\nNext"
    assert "arcgisserver" not in mask.text(quote(said))


@pytest.mark.parametrize(
    "address",
    [
        "https://h/arcgis/rest/directories/arcgisjobs/a_gpserver/j1/scratch/o.zip",
        '"url":"/arcgis/rest/services/A/GPServer"',
        "results/Out",
        "https://h/data/x/y.zip",
        "11/26/2026 10:15",
        "a and/or b",
    ],
)
def test_addresses_are_no_paths_of_the_server(address):
    assert Mask(server_paths=True).text(address) == address


def test_a_contract_that_was_made_without_a_mask_can_be_masked(tmp_path):
    token, password = SECRETS["token of a portal"], SECRETS["odd password"]
    contract = Contract(
        Provenance("recorded", of=f"https://gis.example.com/arcgis?token={token}"),
        tasks={"A/T": {"name": "T", "parameters": [{"name": "p", "defaultValue": password}]}},
        conversations=[
            Conversation(
                "one",
                "execute",
                inputs={"In": json.dumps({"url": "https://x", "token": token})},
                submission=Answer(json={"messages": [{"description": f"used {password}"}]}),
                results={
                    "Out": Answer(text=f"<a href='?token={token}'>"),
                    "F": Answer(content=b"\0" + token.encode()),
                },
                asked=[Asked("token", "/tokens", Answer(), "POST", {"password": password})],
            )
        ],
    )
    mask = Mask()
    write_contract(mask.contract(contract), tmp_path / "c.yaml", known=mask)
    for secret in (token, password):
        assert not survivors(secret, written(tmp_path))


def test_files_are_scanned_by_their_structure_or_by_their_lines(tmp_path):
    token = SECRETS["token of a portal"]
    import gzip

    files = {
        "a.json": json.dumps({"log": [{"headers": [{"name": "Cookie", "value": f"a={token}"}]}]}).encode(),
        "b.yaml": f"a:\n  - password: {token}\n".encode(),
        "c.html": f"<p>\n<a href='?token={token}'>".encode(),
        "d.har.gz": gzip.compress(json.dumps({"url": f"https://x?token={token}"}).encode()),
        "e.json": b'{"token": "standin0001"}',
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    leaks = {leak.file.rpartition("/")[2]: leak.path for leak in scan_files([tmp_path])}
    assert leaks == {
        "a.json": "log[0].headers[0].value",
        "b.yaml": "a[0].password",
        "c.html": "line 2",
        "d.har.gz": "url",
    }


def test_a_body_without_secrets_costs_little():
    """A megabyte in well under 50 ms, beside what reading its JSON takes."""
    body = random_features(1600)
    planted = exchange(body=body)
    mask = Mask(known=[SECRETS["odd password"], SECRETS["token of a portal"]])
    masked, parsed = [], []
    for _ in range(3):
        start = time.process_time()
        assert mask.exchange(planted).body == body
        masked.append(time.process_time() - start)
        start = time.process_time()
        json.loads(body)
        parsed.append(time.process_time() - start)
    assert min(masked) < 8 * min(parsed)


TOKEN = "Xk4Lm9Qr2Tv7Wz1Bn6Cd3Fg8Hj5Kp0Ys.-_a2Bd4.."
TOLD = {
    "json in a form": f"In=%7B%22url%22%3A+%22x%22%2C+%22token%22%3A+%22{quote(TOKEN, safe='')}%22%7D",
    "entities, encoded": quote("".join(f"&#x{ord(each):x};" for each in f"token={TOKEN}"), safe=""),
    "escapes of json, encoded": quote("".join(f"\\u{ord(each):04x}" for each in f'"token":"{TOKEN}"')),
    "basic, encoded": f"authorization=basic%20{quote(b64encode(f'svc:{TOKEN}'.encode()).decode())}",
    "base64 in lines": "\n".join(
        b64encode(f'{{"where":"{"x" * 60}","token":"{TOKEN}"}}'.encode()).decode()[start : start + 76]
        for start in range(0, 200, 76)
    ),
    "base64 of utf-16": b64encode(f"$password='{TOKEN}'".encode("utf-16-le")).decode(),
    "curl": "curl -u svc:3f9a7c21e8b64d05 https://h/x",
    "negotiate": "Authorization: Negotiate 3f9a7c21e8b64d05",
    "digest": 'Authorization: Digest username="svc", nonce="ab", response="3f9a7c21e8b64d05"',
    "german": "Kennwort=3f9a7c21e8b64d05;Server=db1",
    "spanish": '{"contrase\u00f1a": "3f9a7c21e8b64d05"}',
    "a key in an address": "https://maps.example.net/x?a=b&key=3f9a7c21e8b64d053f9a7c21e8b64d05",
    "a column": "user,password\nsvc,3f9a7c21e8b64d05\n",
    "a pair": '[["f", "json"], ["token", "3f9a7c21e8b64d05"]]',
    "a line of json": '{"description": "Password: gkbdwqxzhv\\nUser: sde"}',
    "settings": "portal:\n  user: svc\n  password: gkbdwqxzhv 3f9a7c21e8b64d05\n",
}


@pytest.mark.parametrize("way", TOLD)
def test_a_secret_is_masked_however_it_is_told(way):
    text = TOLD[way]
    assert scan(text), "it is not found at all"
    told = Mask().text(text)
    for secret in (TOKEN, TOKEN[:20], "3f9a7c21e8b64d05", "gkbdwqxzhv"):
        assert not survivors(secret, told.encode()), told
        assert not survivors("".join(f"{each}\0" for each in secret), told.encode()), told
    assert scan(told) == [], told
    assert Mask().text(told) == told


BY_POSITION = (
    "jdbc:oracle:thin:sde/%s@db1:1521:orcl",
    "OCI:sde/%s@db1:ROADS",
    'connect("sde/%s@db1/orcl")',
    "sqlplus -S sde/%s@orcl",
    "Executing (Connect): CreateDatabaseConnection D:\\ a.sde ORACLE db1 DATABASE_AUTH sde %s SAVE_USERNAME",
    'CreateDatabaseConnection("C:/tmp", "a.sde", "ORACLE", "db1", "DATABASE_AUTH", "sde", "%s")',
    "net use Z: \\\\files1\\share /user:DOM\\svc %s",
    "net use Z: \\\\files1\\share %s /user:DOM\\svc",
    'gis = GIS("https://p.example.com/portal", "svc", "%s")',
    "arcpy.SignInToPortal('https://p.example.com/portal', 'svc', '%s')",
    "get(url, auth=('svc', '%s'))",
    'new NetworkCredential("svc", "%s")',
    'ConvertTo-SecureString "%s" -AsPlainText',
    '<Key>PASSWORD</Key><Value xsi:type="xs:string">%s</Value>',
    "<tr><td>Token:</td><td>%s</td></tr>",
    "<b>Token:</b> %s<br/>",
    "Driver={SQL Server};Server=db1;Pwd={%s};",
    "publish.exe --password %s --f x",
    "machine p.example.com login svc password %s",
    "'password' => '%s'",
    'password := "%s"',
    "password -> %s",
    "{User:svc Password:%s Host:p}",
    "Endpoint=sb://x.example.net/;SharedAccessKey=%s",
    '{"properties": {"sharedKey": "%s"}}',
    '{"dataType": "GPMultiValue:GPStringHidden", "value": ["%s", "x"]}',
    '{"value": "%s", "paramName": "P", "dataType": "GPStringHidden"}',
)


def test_a_password_that_only_its_place_tells_is_masked():
    for way in BY_POSITION:
        for secret in ("gkbdwqxzhv!4216", "Pf\u00e4lzer#7q2Wald"):
            text = way % secret
            for each in (text, json.dumps({"messages": [{"description": text}]})):
                told = Mask().text(each)
                assert scan(each), each
                assert not survivors(secret, told.encode()), told
                assert scan(told) == [], told


def test_an_apostrophe_within_a_password_does_not_end_it():
    for way in ("password=%s&f=json", "PASSWORD=%s;SERVER=db1", "Password: %s", "token=%s"):
        assert "Brien" not in Mask().text(way % "O'Brien#2024x"), way
    assert Mask().text("'token=Ab3dEf6hJ9','f=json'").endswith("','f=json'")


def test_what_is_packed_in_a_secret_is_masked_with_it():
    inner = "gkbdwqxzhv4216"
    outer = b64encode(f"<saml>{inner} and {TOKEN}</saml>".encode()).decode()
    telling = exchange(parameters={"password": inner})
    told = Mask().exchanges([exchange(body=f"SAMLResponse={outer}&f=json".encode()), telling])
    assert scan(told[0].body) == []
    assert told[0].body.startswith(b"SAMLResponse=standin")


def test_tokens_of_one_maker_that_begin_alike_are_masked_each_as_a_whole():
    begin = "3NKHt6i2urmWtqOuugvr9"
    one, two, other = (f"{begin}{rest * 9}" for rest in ("sE4x_Q", "Zp7-kM", "uB2vJ1"))
    told = Mask().text(f"token={one}&x=1 token={two}&x=2 and {other} too")
    assert begin not in told
    assert not any(each[-20:] in told for each in (one, two, other)), told
    assert scan(told) == []
    assert "ArcGISServerManager" in Mask(known=["ArcGISServer2024secret"]).text("ArcGISServerManager")


def test_the_end_of_an_element_begins_no_secret():
    body = '{"a": [{"x": "<w:Password>aBc3dEf9</w:Password>"}, {"y": 1, "z": "<p>"}]}'
    told = Mask().text(body)
    assert "aBc3dEf9" not in told
    assert json.loads(told)["a"][1] == {"y": 1, "z": "<p>"}


def test_a_token_in_an_address_is_replaced_without_its_escapes():
    told = Mask().text(f"redirect=%257B%2522token%2522%253A%2522{TOKEN}%2522%257D&state=%22{TOKEN}%22")
    assert told.count("%2522standin") == 1
    assert told.endswith("%22")
    assert "&state=%22standin" in told


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Token_Count: 5",
            "Token: Required",
            "Password: Please enter your password",
            "Passwort: erforderlich",
        ),
        *("Enter user, password\nThen click, ok", "name,token,count\nabc,def,5\n", "?key=objectid&f=json"),
        *('["token", "password"]', "curl --user-agent foo:bar https://x", "Authorization: Negotiate"),
        *(
            "Pass 1: 100 features",
            "Signature raster 3",
            "digest auth response=denied",
            "parcel_key=0123456789AB",
        ),
        *(
            "net use Z: \\\\files1\\share",
            "DATABASE_AUTH sde ***** SAVE_USERNAME",
            'GIS("https://p.example.com/portal", user)',
            "<Key>SERVER</Key><Value>db1</Value><td>token</td><td>string</td>",
            "token={found[1]} --password-file C:/pw.txt",
        ),
    ],
)
def test_ordinary_words_stay(text):
    for each in (text, json.dumps({"name": "Token_Count", "value": 5, "description": text})):
        assert Mask().text(each) == each
        assert scan(each) == []
