// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "Saathii",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "Saathii", targets: ["Saathii"])],
    targets: [
        // Built by the commands of the README; not in the repository.
        .binaryTarget(name: "SaathiiFFI", path: "SaathiiFFI.xcframework"),
        .target(
            name: "Saathii",
            dependencies: ["SaathiiFFI"],
            linkerSettings: [.linkedFramework("Security")]
        ),
    ]
)
