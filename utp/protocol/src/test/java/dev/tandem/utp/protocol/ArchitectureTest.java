package dev.tandem.utp.protocol;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Imports go one way: wire knows nothing, the mechanisms know wire, the connection knows them. */
@AnalyzeClasses(packages = "dev.tandem.utp.protocol", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String ROOT = "dev.tandem.utp.protocol";

    @ArchTest
    static final ArchRule wireKnowsNothing = noClasses()
            .that()
            .resideInAPackage(ROOT + ".wire")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ROOT, ROOT + ".congestion", ROOT + ".recovery", ROOT + ".stream", ROOT + ".trace");

    @ArchTest
    static final ArchRule tracesKnowOnlyPackets = noClasses()
            .that()
            .resideInAPackage(ROOT + ".trace")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ROOT, ROOT + ".congestion", ROOT + ".recovery", ROOT + ".stream");

    @ArchTest
    static final ArchRule mechanismsDoNotKnowTheConnection = noClasses()
            .that()
            .resideInAnyPackage(ROOT + ".congestion", ROOT + ".recovery", ROOT + ".stream")
            .should()
            .dependOnClassesThat()
            .resideInAPackage(ROOT);

    @ArchTest
    static final ArchRule nothingFromOutside =
            noClasses().should().dependOnClassesThat().resideOutsideOfPackages(ROOT + "..", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule noCycles = slices().matching(ROOT + ".(*)..").should().beFreeOfCycles();
}
