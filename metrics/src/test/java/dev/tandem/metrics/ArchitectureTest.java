package dev.tandem.metrics;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Who may import whom. */
@AnalyzeClasses(packages = "dev.tandem", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule theTransportDoesNotKnowWhoWatchesIt = noClasses()
            .that()
            .resideOutsideOfPackage("dev.tandem.metrics")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.tandem.metrics..", "io.prometheus..", "io.netty.handler.codec.http..");

    @ArchTest
    static final ArchRule theEngineAndTheSessionsAreSeenThroughTheLinkOnly = noClasses()
            .that()
            .resideInAPackage("dev.tandem.metrics")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.tandem.utp.protocol..", "dev.tandem.utp.paired.*..", "dev.tandem.ptspec..");

    @ArchTest
    static final ArchRule anAddressIsReadWithoutTheLibrary = noClasses()
            .that()
            .haveNameMatching(".*\\.(MetricsAddress.*|Program)")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.prometheus..", "io.netty.handler..");
}
