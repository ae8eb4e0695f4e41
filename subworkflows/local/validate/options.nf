// Which options each training of a data set gets, and which settings are read at all.

include { headsAmong } from './features.nf'

// [ explainn: [units: 100, learning_rate: 0.003, ...], danq: [...] ]: without what only other architectures know. What is made of
// trained models is trained by the paper's recipe: their outputs are computed once, and robust changes the sequences in every epoch.
def trainingOptions(List models, Map options, Map architectures) {
    def heads = headsAmong(architectures)
    def own = architectures.collectEntries { name, architecture -> [name, architecture.options] }
    return models.collectEntries { model ->
        def ofOthers = own.values().flatten() - (own[model] ?: [])
        [model, options.findAll { name, _value -> !(name in ofOthers) } + (model in heads ? [recipe: 'paper'] : [:])]
    }
}

// Names of the settings that some step of the data set reads; what is off reads none.
def settingsRead(Map parameters, Map options, Map assay, List models, Map prepared, Map training, Map stepOptions) {
    def asked = parameters.findAll { name, property -> property.turns_on && options[name] }.values()*.turns_on
    def on = ['baseline'] + ('explainn' in models ? ['interpret', 'annotate', 'summarise'] : []) + asked
    def filters = ['nullify', 'modes'].any { step -> step in on } ? ['interpret', 'annotate'] : []   // those of other networks are read and named
    def usable = [genome: assay.genome || options.explain || options.predict || options.variants || options.hits, negatives: 'negatives' in assay.options].withDefault { _name -> true }
    def given = ['genome', 'negatives', 'motif_db', 'explain', 'predict', 'variants', 'hits', 'mode_clusters', 'initial_motifs', 'pretrained', 'conditions'].findAll { name -> options[name] != null && usable[name] }
    def known = on.any { step -> step in ['annotate', 'nullify', 'modes', 'choose', 'attribute'] } && !options.motif_db ? ['jaspar_release', 'jaspar_taxon'] : []
    def images = (options.streme ? ['streme_container'] : []) + (options.peakvi ? ['peakvi_container'] : [])
    def ofTraining = training.values().collectMany { own -> own.keySet() }
    def ofSteps = (on + filters).collectMany { step -> stepOptions[step].keySet() }
    return (['assay', 'models', 'replicates'] + given + known + images + prepared.keySet() + ofTraining + ofSteps).unique()
}
