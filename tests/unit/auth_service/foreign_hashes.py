"""Hashes of `PASSWORD` as other systems' own code wrote them, at low costs where it lets one choose.

By werkzeug 3.1.9, Django 5.2.19, argon2-cffi 25.1.0; those of bcrypt by its Python package 5.0.0, in the forms that
Go's (GoTrue, PocketBase: `$2a$`) and PHP's (`$2y$`) write.
"""

PASSWORD = "correct horse battery"

FOREIGN = {
    "werkzeug scrypt": (
        "scrypt:32768:8:1$L0eY29E8AEBHmXB9$9df8aafdaddfe3d797f3bc3891b69519b284bc2412cafebb8047c800d5140b27"
        "f1c16f76586245bd668c499218cc8d461ee6c97a34d320d65ffb648587fde219"
    ),
    "werkzeug scrypt, two blocks in parallel": (
        "scrypt:1024:8:2$FobWoqLsNhUmTJ7H$f989b518f6cc2e935dbea4625c4267a8b114c4afd1df06bf8aa6dccfdf000856"
        "c88f033705e28f5f71f3fa3e308ed0310bc0ab1bd15049132a0c685030149222"
    ),
    "werkzeug pbkdf2": (
        "pbkdf2:sha256:1000$uTwOX9SNAdfd1i4Q$59e52476e9983383a3fd1a81a68f4698aff116a3b732dbd29dddd678ae447cb0"
    ),
    "werkzeug pbkdf2, sha512": (
        "pbkdf2:sha512:1000$0ycEAlqPHa21qyeM$c687938c2a429d616ff92e27008995581e8889b0445ff058a0994ac673cf8768"
        "94b1704893264378311a1fc902c5a780eae531c09f0185dcbaf3b1bfb0e16058"
    ),
    "werkzeug pbkdf2, sha1": "pbkdf2:sha1:1000$6hnpbYKMxdJmlPAH$3d951777e253edc8e35c473aee9f92179e9d180f",
    "Django pbkdf2": "pbkdf2_sha256$1000$seasalt1234567890$jIDYtzxDlKHnBQlKFPFZcl0zLJfK+ZjozSMqWrAAL4k=",
    "Django pbkdf2, sha1": "pbkdf2_sha1$1000$seasalt1234567890$cm3PdSKXHZ8tPG3DbMeh5X/7qCQ=",
    "Django argon2": (
        "argon2$argon2id$v=19$m=64,t=1,p=2$c2Vhc2FsdDEyMzQ1Njc4OTA$AkRxommef/Y457LppltulZ6QQzyPsl7Y5vbcPZTGtg0"
    ),
    "Django bcrypt_sha256": "bcrypt_sha256$$2b$04$tlZRSCdYvYe6MfZYI0pig.34L/k9h8IvPXy/flgAKfAO0PQ0z9EIS",
    "Django bcrypt": "bcrypt$$2b$04$NJ/D9hYAGygFyvb9qp1CKeDWHVdRjUpmYGEhHpF54/9.SNv9oKUJG",
    "Django scrypt": (
        "scrypt$1024$seasalt1234567890$8$2$vVW2dlX4GV4B/zwW778iw3eZ/CTkmPtHJBU3DwLtLeuvhVcp+iem5XsN76I+Y792"
        "UQPoHNjfdzLxbesgWGWD6Q=="
    ),
    "argon2id": ("$argon2id$v=19$m=64,t=1,p=2$3qrB2YNw8j79rjTN191dHg$bHOqFnC+oFy1bilbunzBz3LF0UJNDA5aV+2uz6e7SkY"),
    "bcrypt of Go": "$2a$04$imCbJkRfYMy4WtLCF59LpOHclnSia8HlOp4UANjsOEDElZdsAiJIS",
    "bcrypt of PHP": "$2y$04$6raVsfn1PQ7/Q2mvykAuxOL8mIX6/WMP6JyjsC6tJBeQdrrwBsDPi",
    "bcrypt of Python": "$2b$04$vrCvfkzQbENzp.0kuQtoyu.7hu7e5B3DlRSktRGEwm1YCpzTN3EsK",
}

OF_72_X = "$2a$04$Ab4QKRqgLuDgDxzFZGwRHONWLrrDSruH1SpcHco9iXkpTE34x.S7u"
OF_CYRILLIC = "pbkdf2_sha256$1000$seasalt1234567890$VlSrbpS3GiLv3AxuQyzReQUbi6/NE+efwbhXyqWyiaI="  # пароль-и-слон
