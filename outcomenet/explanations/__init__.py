"""Back into the network for the same visits: are its explanations true to it, and to the joints?"""
