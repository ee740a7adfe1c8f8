rootProject.name = "saathii"
