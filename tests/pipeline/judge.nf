// For the tests only: what the checks of the schema, of sheets and of --apply say of many cases, in one start of
// Nextflow. --cases: {"values": [["width", 10], ...], "runs": [{parameter: value, ...}, ...]}; --verdicts: the file to write.

include { readJson; schemaProperties; coerceValue; valueProblem } from '../../subworkflows/local/validate/schema.nf'
include { plannedInput } from '../../subworkflows/local/validate/main.nf'

workflow {
    def cases = new groovy.json.JsonSlurper().parse(file(params.cases).toFile())
    def columns = readJson('assets/schema_input.json').items.properties
    def parameters = schemaProperties(readJson('nextflow_schema.json'))
    def values = cases.values.collect { where, name, value ->
        def property = where == 'sheet' ? columns[name] : parameters[name]
        valueProblem(property, coerceValue(property, value))
    }
    def defaults = parameters.collectEntries { name, property -> [name, property.null_unless_given ? null : property.default] }   // as nextflow.config has it
    def runs = cases.runs.collect { given ->
        def problems = []
        def datasets = plannedInput(defaults + given, [], problems).datasets
        [problems: problems.unique(), datasets: problems ? [] : datasets.collect { plan -> plan.subMap(['id', 'assay', 'spec', 'names', 'replicates', 'options']) + [genome: plan.genome?.path?.toUriString()] }]
    }
    file(params.verdicts).text = groovy.json.JsonOutput.toJson([values: values, runs: runs])
}
