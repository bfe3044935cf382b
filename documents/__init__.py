"""文书: written papers of a case, numbered, signed, as page and as PDF/A; anyone can check them."""
