"""What answers HTTP around the pages: whose request it is, which names are answered to, how much may be sent."""
