include { REPORT_COLLECT } from '../../../modules/local/report/collect'
include { REPORT_MULTIQC } from '../../../modules/local/report/multiqc'
include { modelOf } from '../train/replicates.nf'

// One page, and the tables behind it.
workflow REPORT {
    take:
    files      // [ meta, file or files ] of all steps
    best       // [ run ] of the best replicate of every model
    settings   // [ units: 100, ..., datasets: [oct4: [...]] ]
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
        versions.combine(replicates).map { all, numbers -> [params: settings, versions: all, best: numbers] }.first(),
        files.flatMap { _meta, some -> (some instanceof List) ? some : [some] }.toSortedList { one, other -> one.name <=> other.name },
        code.REPORT_COLLECT,
    )
    REPORT_MULTIQC(REPORT_COLLECT.out.multiqc, file("${projectDir}/assets/multiqc/multiqc_config.yml"))

    html = REPORT_MULTIQC.out.html

    emit:
    html
}

def byStep(List versions) {
    return versions.groupBy { step, _tool, _version -> step }.collectEntries { step, rows -> [step, rows.collectEntries { _step, tool, version -> [tool, version] }] }
}
