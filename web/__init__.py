"""What people see and press: pages that ask models, call actions and decide nothing."""
