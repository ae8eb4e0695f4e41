// Rows of the sheet become data sets: checked, with their files found and their options resolved.

include { readJson; schemaProperties; sentence; optionsOfSteps; namesOfSteps } from './schema.nf'
include { features } from './features.nf'
include { resolvePath; fileProblem; fileOrWord; knownGenomes; hiddenName; locate } from './paths.nf'
include { readSheet; agreedValues } from './sheet.nf'
include { checkRow; checkNames; negativesProblems; partProblems; cycleProblems } from './rows.nf'
include { linesOf } from './places.nf'
include { givenSequences; givenVariants; givenHits; predictedSequences } from './explained.nf'
include { initialMotifs; pretrainedModels; seedProblems } from './starts.nf'
include { analysisProblems } from './analyses.nf'
include { kernelProblems } from './environment.nf'
include { sharedNames } from './shared.nf'
include { plannedFolds; foldProblems } from './folds.nf'
include { trainingOptions; settingsRead } from './options.nf'
include { samplesOf } from './conditions.nf'

// [ [id: 'oct4', assay: 'sequences', spec: [...], files: [...], genome: path, options: [interpret: [...], ...], training: [explainn: [...]], reads: [...]], ... ]
// A mistake in a cell does not hide those of the other cells and rows; broken names the parameters that are wrong already.
def readDatasets(Object sheet, Map values, Collection broken, List problems) {
    def parameters = schemaProperties(readJson('nextflow_schema.json'))
    def schema = readJson('assets/schema_input.json').items
    def genomes = knownGenomes(values)
    def columns = parameters.findAll { _name, property -> property.per_dataset } + schema.properties + [genome: schema.properties.genome + [known: genomes]]
    def rows = readSheet(sheet, schema.properties.keySet() + columns.keySet(), schema.required, problems)
    def typed = rows.collect { row -> checkRow(row, columns, schema.required, sheet, problems) }
    checkNames(typed, sheet.name, problems)
    typed*.genome.unique().collect { said -> said ? hiddenName(said, sheet.parent, genomes) : null }.findAll { text -> text }.each { text -> log.warn("${sheet.name}, column genome: ${text}") }
    def described = features()
    def assays = described.assays
    // What is alike for all is not looked for a thousand times.
    def steps = namesOfSteps(parameters)
    def open = values.findAll { _name, value -> value == 'auto' }
    def settled = values.findAll { _name, value -> value != null && value != 'auto' }
    def properties = parameters + [genome: parameters.genome + [known: genomes]]
    def known = typed.findAll { row -> row.dataset != null }.groupBy { row -> row.dataset }
    return known.findAll { _id, members -> members.any { row -> row.assay } }.collect { id, members ->
        def shared = agreedValues(id, members, columns.keySet() - schema.properties.keySet() + ['assay', 'genome'], sheet.name, problems)
        def assay = assays[shared.assay]
        // What is left to 'auto' is for the assay to say, if it says anything.
        def defaults = open + assay.defaults + settled
        def options = defaults + shared.findAll { _name, value -> value != 'auto' }
        def asksOthers = 'others' in members*.negatives + [options.negatives]
        def strangers = asksOthers ? typed.findAll { row -> row.dataset != id && (row.assay == null || assays[row.assay]?.module == assay?.module) } : []
        def found = []
        def dataset = describe(id, members, strangers, options, assay, [properties: properties, steps: steps, architectures: described.architectures], sheet, found) + [settings: shared]
        // What depends on a value that is wrong cannot be judged yet.
        def wrong = members*.broken.flatten() - ['sample', 'assay', 'dataset'] + broken
        problems.addAll(found.findAll { text -> !(wrong.any { name -> name in text.split(/\W+/) }) })
        dataset
    }.sort { dataset -> dataset.id.toString() }   // not by their place in the sheet
}

// A data set with its files, the specification that its preparation reads, and the options of every step.
// schema: [properties: of the parameters, steps: what namesOfSteps says, architectures: what they say of themselves].
def describe(String id, List rows, List strangers, Map options, Map assay, Map schema, Object sheet, List problems) {
    def parameters = schema.properties
    def place = { row -> "${sheet.name}, line ${row.line}" }
    def files = [:]
    def position = { text, folder ->
        def path = resolvePath(text, folder)
        files[path.toUriString()] = files[path.toUriString()] ?: [name: text, path: path]
        files.keySet().toList().indexOf(path.toUriString())
    }
    // Measured values need no negatives: a general --negatives does not concern such an assay.
    def negativesOf = { row -> row.negatives ?: (assay.negatives ? options.negatives : null) }
    def namesFile = { wanted -> wanted && !(wanted in ['gc', 'shuffle', 'others']) }
    rows.each { row ->
        def wanted = negativesOf.call(row)
        problems.addAll(negativesProblems(wanted, namesFile.call(wanted), row.negatives ? sheet.parent : null, options, assay, rows.size() + strangers.size(), place.call(row)))
        problems.addAll(row.values && !assay.values ? ["${place.call(row)}, column values: the assay ${options.assay} reads no separate table of values; leave the cell empty."] : [])
    }
    // By sample, so that the order of the sheet changes nothing; not with their lines, as a row added above would prepare, and so train, all below it anew.
    def specs = bySample(rows).collect { row ->
        def wanted = negativesOf.call(row)
        [
            sample: row.sample, data: row.data ? position.call(row.data, sheet.parent) : null,
            negatives: namesFile.call(wanted) && assay.negatives ? position.call(wanted, row.negatives ? sheet.parent : null) : wanted, split: row.split, label: row.label,
        ] + (row.values ? [values: position.call(row.values, sheet.parent)] : [:])
    }
    def others = specs.any { row -> row.negatives == 'others' } ? bySample(strangers).findAll { row -> row.data }.sort(false) { row -> row.dataset.toString() }.collect { row -> position.call(row.data, sheet.parent) } : []
    if (assay.genome && options.genome == null) {
        problems << "${linesOf(sheet.name, rows)}: the assay ${options.assay} needs genome; give --genome or the column genome."
    }
    if (options.loss != 'auto' && !(options.loss in assay.losses)) {
        problems << "${place.call(rows[0])}: the loss ${options.loss} does not fit the assay ${options.assay}; use auto or ${assay.losses.join(' or ')} (the column loss is for one data set)."
    }
    problems.addAll(partProblems(id, rows, options, sheet.name) + (assay.cycles ? cycleProblems(id, rows, sheet.name) : []))
    // Files beside the sheet's own column data: [name: as the user wrote it, path: where it lies].
    def located = ['genome', 'motif_db', 'explain', 'predict', 'variants', 'mode_clusters', 'conditions'].findAll { name -> options[name] != null }.collectEntries { name ->
        def folder = rows.any { row -> row[name] != null } ? sheet.parent : null
        [name, [name: options[name], path: locate(options[name], folder, parameters[name].known)]]
    }
    def listed = ['blacklist', 'labels', 'regions', 'clusters', 'barcodes'].findAll { name -> name in assay.options }.collectEntries { name -> [name, options[name] ? position.call(options[name], rows.any { row -> row[name] } ? sheet.parent : null) : null] }
    if (assay.genome && options.width < options.filter_length + options.pool_size - 1) {
        problems << "${place.call(rows[0])}: a width of ${options.width} is too short for a filter of ${options.filter_length} and a pool of ${options.pool_size}; use at least ${options.filter_length + options.pool_size - 1}."
    }
    // Networks without a number here read less than the least width.
    def architectures = schema.architectures
    options.models.tokenize(',').findAll { model -> assay.genome && options.width < (architectures[model]?.shortest ?: 0) }.each { model ->
        problems << "${place.call(rows[0])}: a width of ${options.width} is too short for the model ${model}; use at least ${architectures[model].shortest}, or remove it from models."
    }
    def models = options.models.tokenize(',').unique()
    def units = options.units.toString().tokenize(',').findAll { number -> number ==~ /\d{1,5}/ }*.toInteger().sort()   // what else was said is complained of elsewhere
    problems.addAll((analysisProblems(options, architectures) + kernelProblems(options) + foldProblems(options, rows, parameters)).collect { text -> "${place.call(rows[0])}: ${text}".toString() })
    problems.addAll(seedProblems(options, place.call(rows[0])))
    def initial = initialMotifs(options, place.call(rows[0]), rows.any { row -> row.initial_motifs } ? sheet.parent : null, problems)
    def pretrained = pretrainedModels(options, place.call(rows[0]), rows.any { row -> row.pretrained } ? sheet.parent : null, problems)
    def samples = samplesOf(id, rows, located.conditions ? conditionTable(located.conditions, problems) : null, options, assay, sheet.name, problems)
    def hits = fileOrWord(options.hits, ['genome', 'peaks'], rows.any { row -> row.hits } ? sheet.parent : null)
    // Quantiles would lower the motifs of a condition for what another motif raises there.
    def stepOptions = optionsOfSteps(parameters, options + (samples && !located.conditions && assay.module == 'accessibility' && options.transform == null ? [transform: 'log2_scaled'] : [:]), schema.steps)
    def spec = [
        id: id, assay: options.assay, module: assay.module, seed: options.seed, rows: specs, others: others,
        options: (stepOptions.prepare + listed + [folds: plannedFolds(options, rows, parameters, architectures)]).findAll { name, _value -> name in assay.options },
    ]
    def training = trainingOptions(models, stepOptions.train, architectures)
    return [
        id: id, sheet: sheet.name, rows: rows, assay: options.assay, module: assay.module, on_genome: assay.genome, holds: assay.holds, denoised: assay.denoise && options.peakvi, models: models, units: units, replicates: options.replicates,
        spec: spec, names: files.values()*.name, files: files.values()*.path,
        genome: located.genome, motif_db: located.motif_db, mode_clusters: located.mode_clusters, explain: givenSequences(located.explain, options, "${place.call(rows[0])}, explain", problems), predict: predictedSequences(located.predict), variants: givenVariants(located.variants, options, "${place.call(rows[0])}, variants", problems), hits: givenHits(hits, options, assay.genome as boolean, "${place.call(rows[0])}, hits", problems), samples: samples, initial: initial, pretrained: pretrained, options: stepOptions, training: training,
        shared: sharedNames(rows, options), general_negatives: rows.any { row -> !row.negatives } && assay.negatives && namesFile.call(options.negatives) ? position.call(options.negatives, null) : null,
        reads: settingsRead(parameters, options + (samples ? [conditions: options.conditions ?: sheet.name] : [:]), assay, models, spec.options, training, stepOptions),
        // Two sheets' cells may name two files alike, so the key holds the place too.
        known: [motif_db: options.motif_db, place: located.motif_db?.path?.toUriString(), jaspar_release: options.motif_db ? null : options.jaspar_release, jaspar_taxon: options.motif_db ? null : options.jaspar_taxon],
    ]
}

// The table of conditions that a parameter names; null where it cannot be read, which its sentences say.
def conditionTable(Map located, List problems) {
    def wanted = ['sample', 'condition', 'replicate']
    def found = []
    def rows = fileProblem(located.path) ? [] : readSheet(located.path, wanted, wanted, found)
    problems.addAll(found.collect { text -> text.replace('the samplesheet is', 'the table of conditions is') })
    return found || !rows ? null : [name: located.name, rows: rows]
}

def bySample(List rows) {
    return rows.sort(false) { row -> row.sample.toString() }
}
