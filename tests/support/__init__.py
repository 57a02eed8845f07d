"""What tests share; nothing here asserts."""
