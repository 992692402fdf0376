"""What is measured, on a calm machine: the build, the numpy network, Lighthouse's scores, and twenty builds under load."""
