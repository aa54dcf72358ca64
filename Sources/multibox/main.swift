print("multibox")
