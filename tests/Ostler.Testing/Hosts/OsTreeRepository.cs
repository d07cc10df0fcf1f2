using System.Globalization;

namespace Ostler.Testing.Hosts;

/// <summary>A commit that hosts can be told to boot.</summary>
public sealed record OsTreeCommit(string Checksum, string Version, string Ref);

/// <summary>A real archive-mode OSTree repository of tiny OS trees, served over real HTTP on loopback.</summary>
public sealed class OsTreeRepository : IAsyncDisposable
{
    public const string DefaultRef = "lab/x86_64/stable";

    // 2026-01-01. ostree refuses upgrades to older commits, so each one is a day younger than the one before;
    // counted rather than read from a clock, so that the same trees have the same checksums in every run.
    private const long FirstTimestamp = 1767225600;

    private readonly RepositoryServer _server;
    private readonly ImageRegistry _images;
    private readonly SemaphoreSlim _committing = new(1, 1);
    private int _commits;

    private OsTreeRepository(string folder, RepositoryServer server, ImageRegistry images) => (Folder, _server, _images) = (folder, server, images);

    /// <summary>The repository on disk.</summary>
    public string Folder { get; }

    /// <summary>The repository's URL for anybody.</summary>
    public string Url => _server.Address + "repo";

    /// <summary>Every request so far, in the order of their ends.</summary>
    public IReadOnlyCollection<RepositoryRequest> Requests => _server.Requests;

    /// <param name="folder">Does not exist yet.</param>
    public static async Task<OsTreeRepository> CreateAsync(string folder, CancellationToken cancellationToken)
    {
        (await HostCommand.RunAsync(["ostree", $"--repo={folder}", "init", "--mode=archive"], cancellationToken)).EnsureSuccess();
        // A test repository may be lost with the machine; without this every commit waits for the disk.
        (await HostCommand.RunAsync(["ostree", $"--repo={folder}", "config", "set", "core.fsync", "false"], cancellationToken)).EnsureSuccess();
        var images = new ImageRegistry();
        return new OsTreeRepository(folder, await RepositoryServer.StartAsync(folder, images, cancellationToken), images);
    }

    /// <summary>The URL under which one host finds the repository; faults can be injected for it alone.</summary>
    public string UrlFor(string host) => $"{_server.Address}hosts/{host}/repo";

    /// <summary>Commits a tree, signed by somebody or by nobody, moves the ref to it and refreshes the summary.</summary>
    public async Task<OsTreeCommit> CommitAsync(OsTree tree, CancellationToken cancellationToken, string branch = DefaultRef, TreeSigner? signer = null)
    {
        await _committing.WaitAsync(cancellationToken);
        var folder = Folder + ".tree";
        try
        {
            OsTreeBuilder.Write(tree, folder);
            var timestamp = (FirstTimestamp + (_commits++ * 86400)).ToString(CultureInfo.InvariantCulture);
            string[] sign = signer is null ? [] : [$"--gpg-homedir={signer.GpgHome}", $"--gpg-sign={signer.GpgKeyID}"];
            var commit = await HostCommand.RunAsync(
                [
                    "ostree", $"--repo={Folder}", "commit", $"--branch={branch}", $"--tree=dir={folder}", $"--subject=Lab OS {tree.Version}",
                    $"--add-metadata-string=version={tree.Version}", "--owner-uid=0", "--owner-gid=0", $"--timestamp=@{timestamp}", .. sign,
                ],
                cancellationToken);
            (await HostCommand.RunAsync(["ostree", $"--repo={Folder}", "summary", "-u"], cancellationToken)).EnsureSuccess();
            return new OsTreeCommit(commit.EnsureSuccess().Stdout.Trim(), tree.Version, branch);
        }
        finally
        {
            RunFolder.Delete(folder);
            _committing.Release();
        }
    }

    /// <summary>
    /// Makes the container image of a tree and moves a tag to it. Its registry is the repository's own server, without TLS.
    /// </summary>
    public OsTreeImage PublishImage(OsTreeCommit tree, string name = "acme/edge-os", string tag = "stable") =>
        new($"{_server.Address.Authority}/{name}", _images.Publish(name, tag, tree), tree);

    /// <summary>Attaches a signature to an image.</summary>
    public void SignImage(OsTreeImage image, TreeSigner signer)
    {
        var slash = image.Repository.IndexOf('/', StringComparison.Ordinal);
        _images.Sign(image.Repository[..slash], image.Repository[(slash + 1)..], image.Digest, signer);
    }

    /// <summary>
    /// From now on the registry has other bytes under the image's digest than the digest says, as a hostile or broken one might.
    /// </summary>
    public void CorruptImage(OsTreeImage image) => _images.Corrupt(image.Repository[(image.Repository.IndexOf('/', StringComparison.Ordinal) + 1)..], image.Digest);

    /// <summary>
    /// Breaks downloads of one host (by <see cref="UrlFor"/>; null: of everybody) for paths that contain a text
    /// (null: for all) until disposed.
    /// </summary>
    public IDisposable Inject(RepositoryFault fault, string? host = null, string? pathContains = null) => _server.Inject(fault, host, pathContains);

    /// <summary>
    /// Completes when a request of this host (null: of the common URL) is held up by <see cref="RepositoryFault.Stall"/>, or was.
    /// </summary>
    public Task StalledAsync(string? host, CancellationToken cancellationToken) => _server.StalledAsync(host, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _committing.Dispose();
    }
}
