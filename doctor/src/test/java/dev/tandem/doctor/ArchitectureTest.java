package dev.tandem.doctor;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Who may import whom. */
@AnalyzeClasses(packages = "dev.tandem", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule whatIsExaminedDoesNotKnowWhoExaminesIt = noClasses()
            .that()
            .resideOutsideOfPackage("dev.tandem.doctor")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.tandem.doctor");

    @ArchTest
    static final ArchRule theMachineIsLookedAtWithoutALinkOrAnEngine = noClasses()
            .that()
            .resideInAPackage("dev.tandem.doctor")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.tandem.utp.protocol..", "dev.tandem.utp.paired..", "io.netty..", "picocli..");
}
