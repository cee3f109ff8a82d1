import datetime

import srcad


def minutes(x):
    y = x * 2.0
    span = datetime.timedelta(seconds=y)
    return span / datetime.timedelta(minutes=1)


srcad.grad(minutes)(90.0)
