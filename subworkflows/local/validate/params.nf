// The parameters: checked, and converted to their types.

include { readJson; schemaProperties; coerceValue; valueProblem; didYouMean; sentence; resolvePath; fileProblem } from './schema.nf'

// [ values: all parameters with the types of the schema, broken: names of those that are wrong and stand at their default ];
// what is wrong with them is added to problems.
def checkParams(List problems) {
    def known = schemaProperties(readJson('nextflow_schema.json'))
    def unknown = params.keySet().findAll { name -> !(name in known) && !name.startsWith('config_profile_') }
    unknown.each { name ->
        def text = sentence("--${name}: there is no such parameter${didYouMean(known.keySet(), name, '--')}") + ' See --help.'
        if (params.custom_config_base) {
            // Institutional profiles set parameters of other pipelines.
            log.warn(text)
        }
        else {
            problems << text
        }
    }
    def values = known.collectEntries { name, property -> [name, coerceValue(property, params[name])] }
    def broken = []
    values.findAll { _name, value -> value != null }.each { name, value ->
        def problem = valueProblem(known[name], value)
        if (problem) {
            broken << name
        }
        if (!problem && known[name].format == 'file-path') {
            problem = fileProblem(resolvePath(value, null))
        }
        if (problem) {
            problems << sentence("--${name}: ${problem}") + hint(known[name], problem)
        }
    }
    if (!params.input) {
        problems << '--input: give a samplesheet (templates are in assets/samplesheets/), or try -profile test.'
    }
    checkRelations(values, problems)
    return [values: values + broken.findAll { name -> name != 'input' }.collectEntries { name -> [name, coerceValue(known[name], known[name].default)] }, broken: broken]
}

def hint(Map property, String problem) {
    return problem == 'needs a value' && property.default != null ? " The default is ${property.default}." : ''
}

// Rules between parameters.
def checkRelations(Map values, List problems) {
    def shares = [values.valid_fraction, values.test_fraction]
    if (shares.every { share -> share instanceof Number } && shares.sum() >= 1) {
        problems << "--valid_fraction ${shares[0]} and --test_fraction ${shares[1]} leave nothing to train on: their sum must be less than 1."
    }
}
