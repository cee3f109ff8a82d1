import math

import srcad

srcad.grad(math.sin)(1.0)
