"""A mail server of Debian's aiosmtpd that does what the address asks for, and prints each letter as a line of JSON.

refuse@…  550 at RCPT        spam@…  554 after the letter        later@…  451, once
cut@…     takes the letter, says nothing and hangs up            with --password it wants AUTH first
with --tls starttls|smtps and --certificate FILE it speaks TLS: after STARTTLS, or from the first byte; nothing
else is taken before it.
"""

import argparse
import asyncio
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult

words = argparse.ArgumentParser()
words.add_argument("--password")
words.add_argument("--tls", choices=["starttls", "smtps"])
words.add_argument("--certificate", help="PEM, with the key")
wanted = words.parse_args()
password = wanted.password
seen = set()


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refuse@"):
            return "550 5.1.1 no such user"
        if address.startswith("later@") and address not in seen:
            seen.add(address)
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None or wanted.tls == "smtps",
            "auth": session.authenticated,
            "utf8": bool(getattr(envelope, "smtp_utf8", False)),
            "message": envelope.content.decode("utf-8"),
        }
        print(json.dumps(letter), flush=True)
        if envelope.rcpt_tos[0].startswith("spam@"):
            return "554 5.7.1 looks like spam"
        if envelope.rcpt_tos[0].startswith("cut@"):
            server.transport.abort()
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"butai" and data.password == password.encode()
    return AuthResult(success=good)


async def main():
    more = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": wanted.tls == "starttls"} if password else {}
    context = None
    if wanted.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(wanted.certificate)
    if wanted.tls == "starttls":
        more |= {"tls_context": context, "require_starttls": True}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Handler(), enable_SMTPUTF8=True, **more),
        "127.0.0.1",
        0,
        ssl=context if wanted.tls == "smtps" else None,
    )
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(main())
