include { REPORT_COLLECT } from '../../../modules/local/report/collect'
include { REPORT_MULTIQC } from '../../../modules/local/report/multiqc'
include { REPORT_MULTIQC as REPORT_PAGES } from '../../../modules/local/report/multiqc'
include { REPORT_CHECK } from '../../../modules/local/report/check'
include { modelOf } from '../train/replicates.nf'

// One page, and the tables behind it.
workflow REPORT {
    take:
    files      // [ meta, file or files ] of all steps
    best       // [ run ] of the best replicate of every model
    settings   // [ units: 100, ..., datasets: [oct4: [...]] ]
    verdicts   // [left: 7, faults: [oct4: ['oct4.fa, line 3: ...'], ...]]
    strict     // whether any data set in error fails the run; else only that none is left does
    code

    main:
    // [ MODEL_TRAIN: [torch: '2.10.0'], ... ]: our scripts write what they have used, programs in images of their own are asked
    versions = channel.topic('versions').flatMap { process, file -> new groovy.json.JsonSlurper().parseText(file.text).collect { tool, version -> [process, tool, version] } }
        .mix(channel.topic('foreign_versions'))
        .map { process, tool, version -> [process.tokenize(':').last(), tool, version.trim()] }
        .unique()
        .toSortedList { one, other -> one.join(' ') <=> other.join(' ') }
        .map { all -> [Pipeline: ['nf-explainn': workflow.manifest.version, Nextflow: workflow.nextflow.version.toString()]] + byStep(all) }

    replicates = best.map { only -> [modelOf(only[0]).id, only[0].replicate] }
        .toSortedList { one, other -> one[0] <=> other[0] }
        .map { pairs -> [pairs.collectEntries()] }   // a list, for combine would take a map apart

    REPORT_COLLECT(
        versions.combine(replicates).combine(verdicts).map { all, numbers, found -> [params: settings, versions: all, best: numbers, faults: found.faults] }.first(),
        files.flatMap { _meta, some -> (some instanceof List) ? some : [some] }.toSortedList { one, other -> one.name <=> other.name },
        code.REPORT_COLLECT,
    )
    config = file("${projectDir}/assets/multiqc/multiqc_config.yml")
    REPORT_MULTIQC(REPORT_COLLECT.out.multiqc.map { sections -> ['multiqc_report', sections] }, config)
    REPORT_PAGES(REPORT_COLLECT.out.pages.flatten().map { folder -> ["pages/${folder.name}".toString(), folder] }, config)

    html = REPORT_MULTIQC.out.html
    // the last process, after all pages
    REPORT_CHECK(
        html.combine(verdicts).combine(REPORT_PAGES.out.html.count())
            .filter { _page, found, _pages -> found.faults && (strict || !found.left) }
            .map { page, found, _pages -> [page, found.faults] }
    )

    emit:
    html
}

def byStep(List versions) {
    return versions.groupBy { step, _tool, _version -> step }.collectEntries { step, rows -> [step, rows.collectEntries { _step, tool, version -> [tool, version] }] }
}
