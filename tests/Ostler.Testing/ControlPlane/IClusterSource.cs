namespace Ostler.Testing.ControlPlane;

/// <summary>One way to get a cluster.</summary>
internal interface IClusterSource
{
    string Name { get; }

    /// <summary>Looks, quickly and without changing anything, whether this source has what the options ask for.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="allowPreparation">False in a first round over all sources, so that something already on this machine is
    /// taken before something that must be downloaded or built; true in the second.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    Task<SourceAnswer> OfferAsync(ClusterRequest request, bool allowPreparation, CancellationToken cancellationToken);
}

/// <summary>
/// What a test asks of the sources. The environment comes in from outside, so that the order of the sources can be tested.
/// </summary>
internal sealed record ClusterRequest(TestClusterOptions Options, Func<string, string?> Environment)
{
    /// <summary>${XDG_CACHE_HOME:-~/.cache}/ostler/kubernetes</summary>
    public string CacheFolder => Path.Combine(
        Environment("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(Environment("HOME") ?? ".", ".cache"),
        "ostler",
        "kubernetes");
}

/// <summary>A source either offers a cluster or says why not; the reasons of all make up the error when none offers one.</summary>
internal sealed record SourceAnswer
{
    private SourceAnswer()
    {
    }

    public string? WhyNot { get; private init; }

    /// <summary>What was found, for people: where and which version.</summary>
    public string Description { get; private init; } = "";

    /// <summary>Starts the cluster, or connects to it.</summary>
    public Func<RunFolder, CancellationToken, Task<IRunningCluster>>? Start { get; private init; }

    public bool IsShared { get; private init; }

    /// <summary>Which components run, where the source decides that and not the options.</summary>
    public ControlPlaneComponents? Components { get; private init; }

    public static SourceAnswer No(string whyNot) => new() { WhyNot = whyNot };

    public static SourceAnswer Cluster(
        string description,
        Func<RunFolder, CancellationToken, Task<IRunningCluster>> start,
        bool isShared = false,
        ControlPlaneComponents? components = null) =>
        new() { Description = description, Start = start, IsShared = isShared, Components = components };

    public static SourceAnswer Local(string description, ControlPlaneBinaries binaries, TestClusterOptions options) => Cluster(
        $"{description}, Kubernetes {binaries.Version}",
        async (folder, cancellationToken) =>
            await LocalControlPlane.StartAsync(binaries, options, folder, cancellationToken).ConfigureAwait(false));
}
