// How a file that a question names reaches its task. (Without includes, so that several files can include it.)

// Of plans that ask something: [ 'oct4', 'genome.fa.gz' or null, plan, genome.fa or [], [genome.fa.fai, ...] or [] ]; what may hold
// intervals gets the genome where there is one.
def sourcesOf(asked, genomes, Closure mayBeIntervals) {
    def located = { plan -> plan.genome && mayBeIntervals.call(plan) }
    return asked.filter { plan -> !located.call(plan) }
        .map { plan -> [plan.id, null, plan, [], []] }
        .mix(
            asked.filter { plan -> located.call(plan) }
                .map { plan -> [plan.genome, plan] }
                .combine(genomes, by: 0)
                .map { genome, plan, fasta, indexes -> [plan.id, genome.name, plan, fasta, indexes] }
        )
}
