// The text of --help, made from the schema. (No file that includes functions may be included twice.)

include { readJson } from './schema.nf'

// ' from 25 to 100000', with the words that the messages use.
def rangeText(Map property) {
    def ends = [
        property.minimum != null ? " from ${property.minimum}" : property.exclusiveMinimum != null ? " above ${property.exclusiveMinimum}" : '',
        property.maximum != null ? " to ${property.maximum}" : property.exclusiveMaximum != null ? " under ${property.exclusiveMaximum}" : '',
    ]
    return ends.join('')
}

// The text of --help, by group.
def helpText() {
    def schema = readJson('nextflow_schema.json')
    def lines = [
        "${workflow.manifest.name} ${workflow.manifest.version}: ${workflow.manifest.description}",
        '',
        'Usage: ./nextflow run . -profile test --outdir results',
        '       ./nextflow run . --input samplesheet.csv --genome genome.fa --outdir results',
        '',
        'Parameters can also be given in a YAML or JSON file, without the dashes: -params-file params.yml',
        'With a container engine, ./nextflow makes the image if it is missing; then your own Nextflow',
        'works too: nextflow run . ... -profile docker',
        '',
        'Profiles, joined by commas:',
        '  test, demo, test_all, test_analyses        demo data; test takes a minute or two',
        '  docker, podman, singularity, apptainer     one image for all tasks',
        '  conda, wave, arm64                         other ways to their packages; other processors',
        '  slurm, awsbatch, google_batch, azurebatch, k8s   where the tasks run',
        '  gpu, debug',
        '',
        'Parameters marked [sheet] may also be columns of the samplesheet, which take precedence.',
    ]
    schema['$defs'].values().each { group ->
        lines << '' << group.title << ''
        group.properties.each { name, property ->
            def notes = [property['enum']?.join('|') ?: property.type + rangeText(property)]
            notes += property.default != null ? ["default: ${property.default}"] : []
            notes += property.per_dataset ? ['sheet'] : []
            lines << "  --${name.padRight(22)} ${property.description} [${notes.join('] [')}]"
        }
    }
    return lines.join('\n') + '\n'
}
