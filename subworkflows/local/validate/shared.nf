// Which inputs several data sets share, since a parameter gives them, and which are a row's own, since a cell does.
// A fault in a shared one ends the run; one in a row's own files ends that data set alone.

// Names of the files of a data set that come by a parameter; motif_db stands for JASPAR too.
def sharedNames(List rows, Map options) {
    def ofCells = { Collection names -> rows.any { row -> names.any { name -> row[name] != null } } }
    def names = ['genome', 'blacklist', 'labels', 'regions', 'clusters', 'barcodes', 'explain', 'predict', 'variants', 'hits', 'initial_motifs', 'pretrained', 'mode_clusters'].findAll { name -> options[name] && !ofCells.call([name]) }
    return names + (ofCells.call(options.motif_db ? ['motif_db'] : ['jaspar_release', 'jaspar_taxon']) ? [] : ['motif_db'])
}

// A data set of sequences may still have intervals of a genome to explain, to predict or to scan, or variants of one.
def readsGenome(Map plan) {
    return plan.genome && (plan.on_genome || plan.explain?.intervals || (plan.predict && !plan.predict.records) || plan.variants || (plan.hits && !plan.hits.records))
}

// Inputs to be read before any training, except genomes and motifs, which have their own steps:
// [ [holds: 'intervals', names: ['blacklist.bed']], [path] ], a data set's.
def sharedFiles(Map plan) {
    def holds = [
        blacklist: 'blacklist', regions: 'intervals', labels: 'lines', clusters: 'clusters', barcodes: 'lines',
        negatives: 'lines',
    ] + plan.holds
    def places = plan.spec.options.findAll { name, _at -> name in plan.shared && name != 'negatives' } + [negatives: plan.general_negatives]
    def listed = holds.keySet().findAll { name -> places[name] != null }.collect { name -> [[holds: holds[name], names: [plan.names[places[name]]]], [plan.files[places[name]]]] }
    return listed + ('explain' in plan.shared ? [[[holds: 'explain', names: [plan.explain.name]], [plan.explain.path]]] : []) +
        ('variants' in plan.shared ? [[[holds: 'variants', names: [plan.variants.name]], [plan.variants.path]]] : []) +
        ('hits' in plan.shared && plan.hits?.path ? [[[holds: 'explain', names: [plan.hits.name]], [plan.hits.path]]] : []) +
        ('predict' in plan.shared ? [[[holds: 'explain', names: [plan.predict.name]], [plan.predict.path]]] : []) +
        ('initial_motifs' in plan.shared && plan.initial?.path ? [[[holds: 'motifs', names: [plan.initial.name]], [plan.initial.path]]] : []) +
        ('pretrained' in plan.shared && plan.pretrained ? [[[holds: 'models', names: plan.pretrained*.name] + readingOf(plan), plan.pretrained*.path]] : [])
}

// How a data set's pretrained models are to be read: the length of their sequences, and whether they may be programs.
def readingOf(Map plan) {
    def told = plan.training.values().toList()
    return [pretrained_length: told*.pretrained_length.find(), trust_programs: told.any { options -> options.trust_programs }]
}

// Number of states of a data set before it is trained: of its preparation, the known motifs, and its other inputs.
def statesOf(Map plan) {
    def asked = [readsGenome(plan), plan.denoised, plan.initial, plan.options.modes.binding_modes, plan.explain, plan.predict, plan.variants, plan.hits, plan.pretrained, plan.samples]
    return 2 + asked.count { one -> one }
}
