"""onechannel"""
