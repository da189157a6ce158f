"""What all four programs need and none owns. Holds no domain nouns and imports none of the programs."""

VERSION = "0.1.0"
