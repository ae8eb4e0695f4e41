// Which inputs several data sets share, since a parameter gives them, and which are a row's own, since a cell does.
// A fault in a shared one ends the run; one in a row's own files ends that data set alone.

// Names of the files of a data set that come by a parameter; motif_db stands for JASPAR too.
def sharedNames(List rows, Map options) {
    def ofCells = { Collection names -> rows.any { row -> names.any { name -> row[name] != null } } }
    def names = ['genome', 'blacklist', 'labels', 'regions', 'clusters', 'barcodes', 'explain', 'initial_motifs', 'pretrained', 'mode_clusters'].findAll { name -> options[name] && !ofCells.call([name]) }
    return names + (ofCells.call(options.motif_db ? ['motif_db'] : ['jaspar_release', 'jaspar_taxon']) ? [] : ['motif_db'])
}

// A data set of sequences may still have intervals of a genome to explain.
def readsGenome(Map plan) {
    return plan.genome && (plan.on_genome || plan.explain?.intervals)
}

// What is to be read before all training, but genomes and motifs, which have steps of their own:
// [ [holds: 'intervals', name: 'blacklist.bed', length: null], [path] ], a data set's.
def sharedFiles(Map plan) {
    def holds = [
        blacklist: 'blacklist', regions: 'intervals', labels: 'lines', clusters: 'clusters', barcodes: 'lines',
        negatives: 'lines',
    ] + plan.holds
    def places = plan.spec.options.findAll { name, _at -> name in plan.shared && name != 'negatives' } + [negatives: plan.general_negatives]
    def listed = holds.keySet().findAll { name -> places[name] != null }.collect { name -> [[holds: holds[name], name: plan.names[places[name]], length: null], [plan.files[places[name]]]] }
    return listed + ('explain' in plan.shared ? [[[holds: 'explain', name: plan.explain.name, length: null], [plan.explain.path]]] : []) +
        ('initial_motifs' in plan.shared && plan.initial?.path ? [[[holds: 'motifs', name: plan.initial.name, length: null], [plan.initial.path]]] : []) +
        ('pretrained' in plan.shared && plan.pretrained ? [[[holds: 'models', name: '', length: plan.training.values()*.pretrained_length.find()], plan.pretrained]] : [])
}

// How many states a data set has before it is trained: of its preparation, the known motifs, and what else it asks for.
def statesOf(Map plan) {
    def asked = [readsGenome(plan), plan.denoised, plan.initial, plan.options.modes.binding_modes, plan.explain, plan.pretrained]
    return 2 + asked.count { one -> one }
}
