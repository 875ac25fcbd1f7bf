"""What stands behind `gp_client.arcpy`, apart from it so that there only ArcPy's names are found."""
