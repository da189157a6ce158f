"""What people read of failures of files and links, where the status alone says too little of them."""

from shared.web.pages.problems import Words

_ASK = "Ask whoever sent it to you for another."
WORDS = {
    "share_is_over": Words("This link is used up, or has run out", _ASK),
    "upload_link_is_over": Words("Nothing more can be sent by this link", _ASK),
    "invalid_signed_url": Words("This address is no longer good", _ASK),
    "too_many_guesses": Words(
        "Too many wrong passwords were tried", "Only the right one helps, and whoever sent you the link knows it."
    ),
    "file_quarantined": Words(
        "This file is being checked for viruses", "It is given out after that. Try again in a moment."
    ),
    "file_infected": Words("This file isn't given out", "It was found to be harmful. Tell whoever sent you here."),
    "file_unchecked": Words(
        "This file isn't given out", "It couldn't be checked for viruses. Tell whoever sent you here."
    ),
}
