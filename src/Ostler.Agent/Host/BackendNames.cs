namespace Ostler.Agent.Host;

/// <summary>The host tools by the names that status.backend and the node's label have for them.</summary>
internal static class BackendNames
{
    public const string Bootc = "bootc";
    public const string RpmOstree = "rpm-ostree";
    public const string Ostree = "ostree";
}
