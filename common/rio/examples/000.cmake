# The demo programs of tutorial 000, in its order.
rio_demos(000-sequential)
