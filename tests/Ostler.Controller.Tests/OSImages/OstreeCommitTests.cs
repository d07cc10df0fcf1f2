using System.Diagnostics;
using Ostler.Controller.OSImages;

namespace Ostler.Controller.Tests.OSImages;

public sealed class OstreeCommitTests : IDisposable
{
    private readonly string _repo = Directory.CreateTempSubdirectory("ostler-repo").FullName;

    public void Dispose() => Directory.Delete(_repo, recursive: true);

    public static TheoryData<string, string[], string?> Commits => new()
    {
        { "version first", ["--add-metadata-string=version=42.1"], "42.1" },
        { "version after other keys", ["--add-metadata-string=acme.a=1", "--add-metadata-string=acme.long-key=xyz", "--add-metadata-string=version=7"], "7" },
        { "offsets of two bytes", ["--add-metadata-string=acme.a=" + new string('a', 300), "--add-metadata-string=version=42.2"], "42.2" },
        { "offsets of four bytes", ["--add-metadata-string=acme.a=" + new string('a', 70_000), "--add-metadata-string=version=42.3"], "42.3" },
        { "a long version", ["--add-metadata-string=version=" + new string('9', 400)], new string('9', 400) },
        { "not ASCII", ["--add-metadata-string=version=42 ä"], "42 ä" },
        { "a key that begins alike", ["--add-metadata-string=version-of-kernel=6"], null },
        { "no version", [], null },
        { "a version that is a number", ["--add-metadata=version=uint32 5"], null },
    };

    [Theory, MemberData(nameof(Commits))]
    public async Task The_version_of_a_commit_made_by_ostree_is_read(string label, string[] metadata, string? version)
    {
        Assert.NotEmpty(label);
        var commit = Make(metadata);
        var bytes = await File.ReadAllBytesAsync(ObjectPath(commit), TestContext.Current.CancellationToken);

        Assert.True(OstreeCommit.IsNamed(bytes, commit));
        Assert.Equal(version is not null, OstreeCommit.TryReadVersion(bytes, out var read));
        Assert.Equal(version, read);
    }

    [Fact]
    public async Task Any_damage_is_noticed_by_name_and_never_throws()
    {
        var commit = Make(["--add-metadata-string=acme.a=b", "--add-metadata-string=version=42.1"]);
        var bytes = await File.ReadAllBytesAsync(ObjectPath(commit), TestContext.Current.CancellationToken);

        for (var i = 0; i < bytes.Length; i++)
        {
            OstreeCommit.TryReadVersion(bytes.AsSpan(0, i), out _);
            foreach (var flip in (byte[])[0x01, 0x80, 0xff])
            {
                var damaged = bytes.ToArray();
                damaged[i] ^= flip;
                Assert.False(OstreeCommit.IsNamed(damaged, commit));
                OstreeCommit.TryReadVersion(damaged, out _);
            }
        }
    }

    [Fact]
    public async Task A_repository_is_read_over_http_from_ref_to_version()
    {
        var commit = Make(["--add-metadata-string=version=42.20261101.3"]);
        await using var server = await LoopbackHttp.ServeAsync(_repo);
        var repository = OstreeRepositoryTests.Repository();

        var resolved = await repository.ResolveRefAsync(server.Url, "acme/edge", TestContext.Current.CancellationToken);
        var version = await repository.ReadVersionAsync(server.Url, commit, TestContext.Current.CancellationToken);

        Assert.Equal(commit, resolved.Value);
        Assert.Equal("42.20261101.3", version);
    }

    [Fact]
    public async Task A_commit_that_is_not_what_its_name_says_has_no_version()
    {
        var commit = Make(["--add-metadata-string=version=42"]);
        var other = Make(["--add-metadata-string=version=43"]);
        File.Copy(ObjectPath(other), ObjectPath(commit), overwrite: true);
        await using var server = await LoopbackHttp.ServeAsync(_repo);

        Assert.Null(await OstreeRepositoryTests.Repository().ReadVersionAsync(server.Url, commit, TestContext.Current.CancellationToken));
    }

    private string Make(string[] metadata)
    {
        if (!File.Exists(Path.Combine(_repo, "config")))
        {
            Ostree(["init", "--mode=archive"]);
        }

        var tree = Directory.CreateDirectory(Path.Combine(_repo, "..", Path.GetFileName(_repo) + "-tree")).FullName;
        try
        {
            return Ostree(["commit", "--branch=acme/edge", "--subject=A tree", .. metadata, tree]).Trim();
        }
        finally
        {
            Directory.Delete(tree);
        }
    }

    private string ObjectPath(string commit) => Path.Combine(_repo, "objects", commit[..2], commit[2..] + ".commit");

    private string Ostree(string[] arguments)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ostree"), "ostree is not installed.");
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/ostree", [$"--repo={_repo}", .. arguments]) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
