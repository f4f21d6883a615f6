"""What the tests stand on: wheels, indexes, environments, kernels and terminals made for them."""
