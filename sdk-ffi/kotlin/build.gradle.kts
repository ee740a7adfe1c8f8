plugins {
    kotlin("jvm") version "2.4.20"
    `java-library`
    `maven-publish`
}

group = "org.saathii"
version = "0.1.0"

repositories {
    mavenCentral()
    google()
}

dependencies {
    // On Android the app depends on `net.java.dev.jna:jna:5.18.1@aar` instead, which has JNA's native part.
    api("net.java.dev.jna:jna:5.18.1")
    api("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.10.2")
}

kotlin {
    jvmToolchain(17)
}

publishing {
    publications {
        create<MavenPublication>("saathii") {
            from(components["java"])
        }
    }
}
