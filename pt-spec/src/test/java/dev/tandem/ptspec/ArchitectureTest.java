package dev.tandem.ptspec;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Who may import whom. */
@AnalyzeClasses(packages = "dev.tandem.ptspec", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule thePurePartDoesNotKnowNetty = noClasses()
            .that()
            .resideInAPackage("dev.tandem.ptspec")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..", "dev.tandem.ptspec.netty..");

    @ArchTest
    static final ArchRule theModuleStandsAlone = classes()
            .that()
            .resideInAPackage("dev.tandem.ptspec..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("dev.tandem.ptspec..", "java..", "javax.crypto..", "io.netty..", "org.jspecify..");

    @ArchTest
    static final ArchRule nothingReadsTheProcessEnvironment = noClasses()
            .should()
            .callMethod(System.class, "getenv")
            .orShould()
            .callMethod(System.class, "getenv", String.class);
}
