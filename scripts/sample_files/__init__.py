"""The drawing rooms of `make_test_data.py`: one module per kind of sample; every word and pixel is invented here."""
