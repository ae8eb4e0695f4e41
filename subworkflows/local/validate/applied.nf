// --apply: which models of an earlier run can be used for what is requested, and their files.

include { didYouMean; readJson; schemaProperties; sentence; optionsOfSteps } from './schema.nf'
include { resolvePath; fileOrWord; isRemote; knownGenomes; locate } from './paths.nf'
include { givenSequences; givenVariants; givenHits; predictedSequences } from './explained.nf'
include { needsTorch } from './environment.nf'
include { pretrainedArchitectures } from './features.nf'
include { resultsOf; mixedProblems; modelHeader } from './results_folder.nf'

// Parameters that work with --apply.
def questions() {
    return ['input', 'predict', 'explain', 'variants', 'hits', 'attribution']
}

// Parameters that do not work with --apply, since they belong to training.
def trainingOnly() {
    return ['streme', 'cooperativity', 'nullification', 'unit_maps', 'prune', 'interactions', 'learning_curve', 'binding_modes', 'initial_motifs', 'pretrained']
}

// A plan of each data set that is asked anything, with the keys that the plans of training have, as far as questions read them, and
// [runs: [ [run: [id: 'CTCF.explainn.r1', ...], files: [model: path, ...]], ... ], tables: [explainn: [evidence: path, ...]], dataset: path or null, ...]
def appliedPlans(Map values, List problems) {
    def folder = resolvePath(values.apply, null)
    def asked = questions().findAll { name -> values[name] }
    if (!asked) {
        problems << "--apply: there is nothing to do with the models; give one of ${questions().collect { name -> name == 'attribution' ? '--attribution' : name == 'input' ? '--input SHEET' : "--${name} FILE" }.join(', ')}."
    }
    def idle = trainingOnly().findAll { name -> values[name] }
    if (idle) {
        problems << "--${idle.join(', --')}: --apply only works with ${questions().collect { name -> "--${name}" }.join(', ')}; leave ${idle.size() > 1 ? 'these' : 'it'} out, or leave --apply out to train with ${idle.size() > 1 ? 'them' : 'it'}."
    }
    if (!(folder instanceof Path) || !folder.exists() || !folder.isDirectory()) {
        def what = (folder instanceof Path) && folder.exists() ? 'is a file, not a folder' : 'does not exist'
        problems << "--apply: ${folder.toUriString()} ${what}; give the results folder of a finished run, or the folder of one of its data sets."
        return []
    }
    outdirProblem(folder, values.outdir, problems)
    def found = chosen(resultsOf(folder, problems), values, folder, problems)
    // What is given is the same for all, and read once.
    def located = ['predict', 'explain', 'variants', 'genome', 'motif_db'].collectEntries { name -> [name, values[name] ? [name: values[name], path: locate(values[name], null, name == 'genome' ? knownGenomes(values) : null)] : null] }
    def options = [models: 'explainn', genome: values.genome, genome_way: '--genome']
    def given = [
        predict: predictedSequences(located.predict), explain: givenSequences(located.explain, options, '--explain', problems), variants: givenVariants(located.variants, options, '--variants', problems),
        hits: givenHits(fileOrWord(values.hits, ['genome', 'peaks'], null), options, values.genome as boolean, '--hits', problems), genome: located.genome, motif_db: located.motif_db,
    ]
    def settings = optionsOfSteps(schemaProperties(readJson('nextflow_schema.json')), values)
    def plans = found.collect { id, files -> appliedPlan(id, files, given, settings, asked, values, problems) }
    asked.each { name ->
        def known = plans.findAll { plan -> plan.runs }
        def out = known.findAll { plan -> !plan[name] }*.id
        if (known && out.size() == known.size()) {
            problems << "--${name}: ${name == 'attribution' ? 'no model that was trained on sequences themselves' : 'no ExplaiNN, the network whose predictions are a sum over motifs,'} is in ${folder}; leave --${name} out, or give a folder that holds one."
        }
        else if (out) {
            log.warn("--${name}: left out for ${out.join(', ')}, which have no suitable model.")
        }
    }
    return plans.findAll { plan -> asked.any { name -> plan[name] } }
}

// What the rows of --input are prepared with, so that the models can read them: their length, and one part for all.
def newDataOptions(List plans, List problems) {
    def lengths = plans.findAll { plan -> plan.input }*.length.findAll { length -> length }.unique().sort()
    if (lengths.size() > 1) {
        problems << "--input: the models read ${lengths.join(' and ')} bp, but a sheet is prepared with one length; choose models of one length with --datasets."
    }
    return lengths ? [width: lengths[0] as long, folds: 1L, min_positives: 1L] : [:]
}

// given: [predict: [...] or null, explain: ..., ..., genome: ...]; options: of the steps
def appliedPlan(String id, Map files, Map given, Map options, List asked, Map values, List problems) {
    def headers = files.runs.collect { run -> modelHeader(run.files.model, problems) }
    mixedProblems(headers.findAll { one -> one }, problems)
    def runs = [files.runs, headers].transpose().findAll { _run, header -> header }.collect { run, header ->
        [run: [id: "${id}.${run.model}.r${run.replicate}".toString(), dataset: id, model: run.model, architecture: header.architecture, replicate: run.replicate, torch: needsTorch(header.architecture, header.config)], files: run.files]
    }
    def readable = runs.any { one -> one.run.architecture == 'explainn' }
    def attributable = runs.any { one -> !(one.run.architecture in pretrainedArchitectures()) }
    def plan = [
        id: id, denoised: false, settings: [:], dataset: files.dataset, tables: files.tables, runs: runs, models: runs*.run*.architecture.unique(), pretrained: [],
        units: runs*.run*.model.findAll { name -> name ==~ /explainn_u\d+/ }.unique().collect { name -> name - 'explainn_u' as int } ?: [0],
        input: runs && values.input, length: headers.find { header -> header }?.length, predict: runs ? given.predict : null, explain: readable ? given.explain : null, variants: readable ? given.variants : null,
        hits: readable ? given.hits : null, attribution: attributable && values.attribution, genome: given.genome, motif_db: given.motif_db, options: options + [attribute: options.attribute + [attribution: attributable && values.attribution]],
        known: [motif_db: values.motif_db, place: given.motif_db?.path?.toUriString(), jaspar_release: values.motif_db ? null : values.jaspar_release, jaspar_taxon: values.motif_db ? null : values.jaspar_taxon],
    ]
    missingFiles(plan, problems)
    def torch = runs.findAll { one -> one.run.torch && (plan.predict || plan.input || one.run.architecture == 'explainn' && (plan.explain || plan.variants || plan.hits)) }.collect { one -> "the model ${one.run.model} of ${id}".toString() }.unique()
    def how = ['kernel', 'device'].findAll { name -> values[name] in ['torch', 'gpu'] }.collect { name -> "${name} ${values[name]}".toString() }
    def ofSteps = [input: 'predict', predict: 'predict', explain: 'explain', variants: 'variants', hits: 'hits', attribution: 'attribute'].findAll { name, _step -> plan[name] }.values().collectMany { step -> options[step].keySet() }
    return plan + [
        applied: [torch: torch + (plan.attribution ? ['attribution'] : []) + how],
        reads: ['apply'] + asked + (ofSteps - 'trust_programs') + ['genome', 'trust_programs'].findAll { name -> values[name] } + (plan.attribution ? ['motif_db', 'jaspar_release', 'jaspar_taxon'] + options.annotate.keySet() : []),
    ]
}

// Files that an analysis reads besides the models.
def missingFiles(Map plan, List problems) {
    def way = 'copy the whole results folder, or leave'
    def own = plan.runs.findAll { one -> one.run.architecture == 'explainn' }
    def bare = own.findAll { one -> !one.files.units || !plan.tables[one.run.model].units }*.files*.model
    def split = ['explain', 'variants', 'hits'].findAll { name -> plan[name] }
    if (split && bare) {
        problems << "--${split.join(', --')}: the motifs of ${bare[0]} are not next to it (motifs/*.units.tsv); ${way} ${split.size() > 1 ? 'these' : 'it'} out.".toString()
    }
    ['variants', 'hits', 'attribution'].findAll { name -> plan[name] && !plan.dataset }.each { name ->
        problems << "--${name}: ${plan.id}.dataset.parquet, which it reads, is not in the folder; ${way} it out.".toString()
    }
    def silent = plan.attribution ? plan.runs.findAll { one -> !one.files.predictions }*.files*.model : []
    if (silent) {
        problems << "--attribution: the predictions of the training (*.predictions.parquet) are not next to ${silent[0]}; ${way} it out.".toString()
    }
}

// Nothing is written where the answers come from: they would be taken for results of the run that trained.
def outdirProblem(Object folder, Object outdir, List problems) {
    def out = realPlace(file("${outdir}", glob: false).toAbsolutePath().normalize())
    def read = realPlace(folder.toAbsolutePath().normalize())
    def inside = out.startsWith(read) || out == read.parent && out.resolve('pipeline_info').exists()
    if (inside) {
        problems << "--outdir: ${outdir} is the results folder that --apply reads, or is inside it; give another folder for the answers.".toString()
    }
}

// A path without links, as far as it exists: a link to the results folder is the folder.
def realPlace(Object path) {
    if (isRemote(path.toUriString())) {
        return path
    }
    return path.exists() ? path.toRealPath() : path.parent ? realPlace(path.parent).resolve(path.name) : path
}

// The data sets that --datasets names, or all.
def chosen(Map found, Map values, Object folder, List problems) {
    def named = (values.datasets ?: '').toString().tokenize(',')*.trim().findAll { name -> name }.unique()
    named.findAll { name -> found && !(name in found.keySet()) }.each { name ->
        problems << sentence("--datasets: there is no model of a data set '${name}' in ${folder}${didYouMean(found.keySet(), name, '')}") + " There are ${found.keySet().join(', ')}."
    }
    return named ? found.findAll { id, _files -> id in named } : found
}
