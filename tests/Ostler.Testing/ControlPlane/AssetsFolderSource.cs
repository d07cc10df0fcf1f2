namespace Ostler.Testing.ControlPlane;

/// <summary>A folder of programs named by <c>KUBEBUILDER_ASSETS</c>, the variable that all of envtest's users know.</summary>
internal sealed class AssetsFolderSource : IClusterSource
{
    public const string Variable = "KUBEBUILDER_ASSETS";

    public string Name => Variable;

    public async Task<SourceAnswer> OfferAsync(ClusterRequest request, bool allowPreparation, CancellationToken cancellationToken)
    {
        if (request.Environment(Variable) is not { Length: > 0 } folder)
        {
            return SourceAnswer.No("not set");
        }

        var (binaries, missing) = await ControlPlaneBinaries.FindAsync(folder, request.Options, cancellationToken).ConfigureAwait(false);

        // A folder from envtest has no controller manager: tests that need one go on to the next source.
        return binaries is null ? SourceAnswer.No(missing) : SourceAnswer.Local(folder, binaries, request.Options);
    }
}
