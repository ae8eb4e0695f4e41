// For the tests only: what the reader of sheets says of many broken ones, in one start of Nextflow.
// --sheets: a folder of sheets; --verdicts: the file to write.

include { readJson; schemaProperties } from '../../subworkflows/local/validate/schema.nf'
include { readDatasets } from '../../subworkflows/local/validate/datasets.nf'

// What came of a sheet, and in how many milliseconds.
def judgeSheet(Object sheet, Map defaults) {
    def problems = []
    def begun = System.currentTimeMillis()
    def said = [:]
    try {
        def datasets = readDatasets(sheet, defaults, [], problems)
        def kept = ['id', 'assay', 'spec', 'names', 'replicates', 'options']
        said = [problems: problems*.toString(), datasets: problems ? [] : datasets.collect { plan -> plan.subMap(kept) }]
    }
    catch (Throwable error) {
        def frame = error.stackTrace.find { one -> one.className.startsWith('Script_') || one.className.startsWith('_nf_script') }
        said = [thrown: error.toString(), place: frame.toString()]
    }
    return said + [milliseconds: System.currentTimeMillis() - begun]
}

workflow {
    def defaults = schemaProperties(readJson('nextflow_schema.json')).collectEntries { name, property -> [name, property.null_unless_given ? null : property.default] }   // as nextflow.config has it
    def found = files("${params.sheets}/sheet_*.csv").collectEntries { sheet -> [sheet.name, judgeSheet(sheet, defaults)] }
    file(params.verdicts).text = groovy.json.JsonOutput.toJson(found)
}
