# The design document's stack answering ClearKey licenses as ours does: FastAPI, python-jose (HS256), one
# look-up in SQLite that says whether this play may have this key. Started by bench/licenses.mjs.
#   seed_licenses.py PORT SECRET
import json
import secrets
import sqlite3
import sys

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from jose import JWTError, jwt

app = FastAPI()
secret = sys.argv[2]
database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("CREATE TABLE right (play TEXT, kid TEXT, key TEXT, revoked INTEGER, PRIMARY KEY (play, kid))")
database.executemany(
    "INSERT INTO right VALUES (?, ?, ?, 0)",
    [(f"play{n}", "ABEiM0RVZneImaq7zN3u_w", secrets.token_urlsafe(16)) for n in range(10000)],
)


@app.post("/t/{token}/license/clearkey")
async def license(token: str, request: Request):
    try:
        play = jwt.decode(token, secret, algorithms=["HS256"], audience="butai")["sub"]
    except JWTError:
        raise HTTPException(401)
    keys = []
    for kid in json.loads(await request.body())["kids"]:
        row = database.execute("SELECT key, revoked FROM right WHERE play = ? AND kid = ?", (play, kid)).fetchone()
        if row is None or row[1]:
            raise HTTPException(403)
        keys.append({"kty": "oct", "kid": kid, "k": row[0]})
    return Response(json.dumps({"keys": keys, "type": "temporary"}), media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
