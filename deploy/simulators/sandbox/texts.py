"""Every word a buyer reads, in English and French; a test holds the two to the same keys."""

# ruff: noqa: RUF001 - French is written with a curved apostrophe

import re
from typing import Literal

Locale = Literal["en", "fr"]

TEXTS: dict[Locale, dict[str, str]] = {
    "en": {
        "card_details": "Card details",
        "number": "Card number",
        "expiry": "Expiry date",
        "expiry_hint": "MM / YY",
        "cvc": "Security code",
        "cvc_hint": "3 digits",
        "cvc_hint_4": "4 digits",
        "number_missing": "Enter your card number.",
        "number_invalid": "Check the card number. It does not look right.",
        "number_not_test": "This is a sandbox. Use a test card number, such as 4242 4242 4242 4242.",
        "expiry_missing": "Enter the expiry date.",
        "expiry_invalid": "Enter the date as MM / YY, as on the card.",
        "expiry_past": "This card has expired. Use another card.",
        "cvc_missing": "Enter the security code.",
        "cvc_invalid": "Check the security code. It is on the back of the card.",
        "cvc_invalid_4": "Check the security code. It is the 4 digits on the front.",
        "unreachable": "The card could not be checked. Try again.",
        "sandbox_note": "Sandbox: no real money moves.",
        "pay_title": "Pay by card",
        "pay_to": "Pay to {name}",
        "pay_button": "Pay {amount}",
        "test_cards": "Test cards",
        "test_cards_note": "Any future expiry date and any security code will do.",
        "outcome_paid": "is paid",
        "outcome_declined": "is declined",
        "outcome_insufficient": "has insufficient funds",
        "outcome_3ds": "asks for 3-D Secure",
        "error_title": "There is a problem",
        "error_prefix": "Error: ",
        "three_ds_title": "Confirm your payment",
        "three_ds_lead": "Your bank asks you to confirm this payment.",
        "merchant": "Merchant",
        "amount": "Amount",
        "card": "Card",
        "card_ending": "{brand} ending in {last4}",
        "approve": "Approve",
        "decline": "Decline",
        "done_succeeded": "Payment received",
        "done_succeeded_lead": "{amount} was paid to {name}.",
        "done_failed": "Payment not made",
        "done_failed_lead": "No money was taken. Go back and try again.",
        "done_pending": "Payment in progress",
        "done_pending_lead": "You may close this page. {name} will hear of the result.",
        "back": "Back to {name}",
        "not_found": "Page not found",
        "not_found_lead": "This payment does not exist. Check the address, or go back to the shop.",
        "bad_field": "The card form cannot be shown",
        "bad_field_lead": "The page that asked for it named an unknown key or origin.",
    },
    "fr": {
        "card_details": "Carte bancaire",
        "number": "Numéro de carte",
        "expiry": "Date d’expiration",
        "expiry_hint": "MM / AA",
        "cvc": "Code de sécurité",
        "cvc_hint": "3 chiffres",
        "cvc_hint_4": "4 chiffres",
        "number_missing": "Saisissez le numéro de carte.",
        "number_invalid": "Vérifiez le numéro de carte. Il ne semble pas correct.",
        "number_not_test": "Ceci est un bac à sable. Utilisez une carte de test, par exemple 4242 4242 4242 4242.",
        "expiry_missing": "Saisissez la date d’expiration.",
        "expiry_invalid": "Saisissez la date sous la forme MM / AA, comme sur la carte.",
        "expiry_past": "Cette carte a expiré. Utilisez une autre carte.",
        "cvc_missing": "Saisissez le code de sécurité.",
        "cvc_invalid": "Vérifiez le code de sécurité. Il se trouve au dos de la carte.",
        "cvc_invalid_4": "Vérifiez le code de sécurité : les 4 chiffres au recto.",
        "unreachable": "La carte n’a pas pu être vérifiée. Réessayez.",
        "sandbox_note": "Bac à sable : aucun argent réel ne circule.",
        "pay_title": "Payer par carte",
        "pay_to": "Payer à {name}",
        "pay_button": "Payer {amount}",
        "test_cards": "Cartes de test",
        "test_cards_note": "Toute date d’expiration future et tout code de sécurité conviennent.",
        "outcome_paid": "est payée",
        "outcome_declined": "est refusée",
        "outcome_insufficient": "manque de provision",
        "outcome_3ds": "demande 3-D Secure",
        "error_title": "Il y a un problème",
        "error_prefix": "Erreur : ",
        "three_ds_title": "Confirmez votre paiement",
        "three_ds_lead": "Votre banque vous demande de confirmer ce paiement.",
        "merchant": "Marchand",
        "amount": "Montant",
        "card": "Carte",
        "card_ending": "{brand} se terminant par {last4}",
        "approve": "Approuver",
        "decline": "Refuser",
        "done_succeeded": "Paiement reçu",
        "done_succeeded_lead": "{amount} ont été payés à {name}.",
        "done_failed": "Paiement non effectué",
        "done_failed_lead": "Aucun argent n’a été prélevé. Revenez en arrière et réessayez.",
        "done_pending": "Paiement en cours",
        "done_pending_lead": "Vous pouvez fermer cette page. {name} sera informé du résultat.",
        "back": "Retour à {name}",
        "not_found": "Page introuvable",
        "not_found_lead": "Ce paiement n’existe pas. Vérifiez l’adresse ou revenez à la boutique.",
        "bad_field": "Le formulaire de carte ne peut pas être affiché",
        "bad_field_lead": "La page qui l’a demandé a indiqué une clé ou une origine inconnue.",
    },
}
_LANGUAGE = re.compile(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*")


def choose_locale(asked: str | None, accept_language: str | None) -> Locale:
    """What the address asks for, else what the browser likes best of what there is, else English."""
    for code in (asked or "", *_by_preference(accept_language or "")):
        match code[:2].lower():
            case "fr":
                return "fr"
            case "en":
                return "en"
            case _:
                continue
    return "en"


def _by_preference(accept_language: str) -> list[str]:
    weighed: list[tuple[float, str]] = []
    for part in accept_language[:500].split(","):
        if language := _LANGUAGE.fullmatch(part):
            weight = float(language[2] or 1)
            if weight > 0:
                weighed.append((-weight, language[1]))
    return [code for _, code in sorted(weighed, key=lambda entry: entry[0])]
