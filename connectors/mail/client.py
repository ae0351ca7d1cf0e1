"""One message to one recipient by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage

from connectors.mail.settings import MailSection
from domain.errors import LastgangError

_PERMANENT = 500
"""SMTP reply codes from here on are final."""


class MailUnavailable(LastgangError):
    """The server could not be had, or put it off. Try again later; the message says what it answered."""


class MailRefused(LastgangError):
    """The server refuses this recipient or this message for good. Operator: correct the address, or ask whoever runs the server."""


def send_mail(settings: MailSection, password: str, message: EmailMessage, recipient: str) -> None:
    """Send `message` to `recipient` alone; when it returns the server has taken it over.

    Raises
    ------
    MailUnavailable
        If it may succeed later: no connection, no encryption, a login that is refused, a temporary refusal.
    MailRefused
        If it will not.
    """
    where = "{}:{}".format(*settings.address)
    try:
        with _connected(settings) as connection:
            if settings.user:
                connection.login(settings.user, password)
            connection.send_message(message, settings.sender, [recipient])
    except smtplib.SMTPRecipientsRefused as error:
        code, reason = error.recipients[recipient]
        raise _refusal(code, f"{where} on {recipient}: {code} {_text(reason)}") from error
    except smtplib.SMTPAuthenticationError as error:
        msg = f"{where} refuses the login of {settings.user}: {error.smtp_code} {_text(error.smtp_error)}; check user and password"
        raise MailUnavailable(msg) from error
    except smtplib.SMTPResponseException as error:
        is_of_message = isinstance(error, smtplib.SMTPDataError)
        raise _refusal(error.smtp_code if is_of_message else 0, f"{where}: {error.smtp_code} {_text(error.smtp_error)}") from error
    except (smtplib.SMTPException, OSError) as error:
        msg = f"{where}: {error}"
        raise MailUnavailable(msg) from error


def _connected(settings: MailSection) -> smtplib.SMTP:
    host, port = settings.address
    context = ssl.create_default_context(cafile=None if settings.ca_file is None else str(settings.ca_file))
    if settings.security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=settings.timeout_s, context=context)
    connection = smtplib.SMTP(host, port, timeout=settings.timeout_s)
    if settings.security == "starttls":
        try:
            connection.starttls(context=context)
        except BaseException:
            connection.close()
            raise
    return connection


def _refusal(code: int, text: str) -> LastgangError:
    return MailRefused(text) if code >= _PERMANENT else MailUnavailable(text)


def _text(reason: bytes | str) -> str:
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    return " ".join(text.split())[:300]
