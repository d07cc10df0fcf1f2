using System.Globalization;
using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Tests.ControlPlane;

/// <summary>The part of build-kubernetes.sh that reads other people's files. The rest is exercised by running it.</summary>
public sealed class BuildScriptTests : IDisposable
{
    private readonly DirectoryInfo _apt = Directory.CreateTempSubdirectory("ostler-apt-");

    public static TheoryData<string, string, string> Configurations => new()
    {
        {
            "sources.list",
            "deb http://mirror.test/debian bookworm main contrib\ndeb http://mirror.test/debian bookworm-updates main\n",
            "deb-src http://mirror.test/debian bookworm main"
        },
        {
            "sources.list",
            "# deb http://old.test/debian buster main\ndeb [arch=amd64 signed-by=/usr/share/keyrings/debian.gpg] http://mirror.test/debian/ bookworm main # local mirror\n",
            "deb-src [arch=amd64 signed-by=/usr/share/keyrings/debian.gpg] http://mirror.test/debian/ bookworm main"
        },
        {
            "sources.list.d/mixed.list",
            "deb http://vendor.test/apt stable main\ndeb http://mirror.test/debian-security bookworm-security main\ndeb http://mirror.test/debian bookworm main\n",
            "deb-src http://mirror.test/debian bookworm main"
        },
        {
            "sources.list.d/debian.sources",
            """
            # the base system
            Types: deb
            URIs: http://mirror.test/debian
            Suites: bookworm bookworm-updates
            Components: main non-free-firmware
            Signed-By: /usr/share/keyrings/debian.gpg

            Types: deb
            URIs: http://mirror.test/debian-security
            Suites: bookworm-security
            Components: main

            """,
            """
            Types: deb-src
            Components: main
            Suites: bookworm
            URIs: http://mirror.test/debian
            Signed-By: /usr/share/keyrings/debian.gpg
            """
        },
        {
            "sources.list.d/inline.sources",
            """
            Types: deb deb-src
            URIs: http://mirror.test/debian
            Suites: bookworm
            Components: main
            Signed-By:
             -----BEGIN PGP PUBLIC KEY BLOCK-----
             .
             mQINBGPL0BUBEADmW5NdOOHwPIJlgPu6JDcKw/NZJPR8lsD3K87ZM18gzyQZJD+w
             -----END PGP PUBLIC KEY BLOCK-----

            Types: deb
            Enabled: no
            URIs: http://off.test/debian
            Suites: bookworm
            Components: main

            """,
            """
            Types: deb-src
            Components: main
            Suites: bookworm
            URIs: http://mirror.test/debian
            Signed-By:
             -----BEGIN PGP PUBLIC KEY BLOCK-----
             .
             mQINBGPL0BUBEADmW5NdOOHwPIJlgPu6JDcKw/NZJPR8lsD3K87ZM18gzyQZJD+w
             -----END PGP PUBLIC KEY BLOCK-----
            """
        },
    };

    [Theory]
    [MemberData(nameof(Configurations))]
    public async Task The_machine_s_own_Debian_mirror_becomes_a_source_of_source_packages(string file, string content, string expected)
    {
        Write(file, content);

        var (exitCode, output) = await RunAsync();

        Assert.Equal(0, exitCode);
        Assert.Equal(Words(expected), Words(output));
    }

    [Fact]
    public async Task A_machine_without_a_Debian_mirror_gets_a_message()
    {
        Write("sources.list", "deb http://archive.test/ubuntu noble main\n");

        var (exitCode, output) = await RunAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("no Debian mirror", output, StringComparison.Ordinal);
    }

    /// <summary>make's own lines and the warnings of the compiler are not packages.</summary>
    [Theory]
    [InlineData(1800, "", "compiling: 0 of 3 programs, 1,204 of 1,800 packages")]
    [InlineData(1000, "kube-scheduler", "compiling: 1 of 3 programs, 1,000 of 1,000 packages")]
    public async Task Progress_of_a_compilation_is_counted_in_programs_and_packages(int total, string built, string expected)
    {
        var packages = Enumerable.Range(1, 1204).Select(i => string.Create(CultureInfo.InvariantCulture, $"k8s.io/kubernetes/pkg/p{i}"));
        Write("make.log", string.Join('\n', packages.Prepend("+++ [1129 09:00:00] Building go targets for linux/amd64:").Append("    ./vendor/k8s.io/code-generator/cmd/deepcopy-gen")) + "\n");
        if (built.Length > 0)
        {
            Write(built, "");
            File.SetUnixFileMode(Path.Combine(_apt.FullName, built), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        var (exitCode, output) = await Executables.RunAsync(
            "/bin/bash",
            [Path.Combine(AppContext.BaseDirectory, "ControlPlane", "build-kubernetes.sh"), "--progress", Path.Combine(_apt.FullName, "make.log"), _apt.FullName, total.ToString(CultureInfo.InvariantCulture)],
            TestContext.Current.CancellationToken);

        Assert.Equal((0, expected), (exitCode, output.Trim()));
    }

    public void Dispose() => _apt.Delete(recursive: true);

    private static Task<(int ExitCode, string Output)> RunAsync(string folder) => Executables.RunAsync(
        "/bin/bash",
        [Path.Combine(AppContext.BaseDirectory, "ControlPlane", "build-kubernetes.sh"), "--sources", folder],
        TestContext.Current.CancellationToken);

    private Task<(int ExitCode, string Output)> RunAsync() => RunAsync(_apt.FullName);

    /// <summary>How many blanks there are between words does not matter to apt.</summary>
    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private void Write(string file, string content)
    {
        var path = Path.Combine(_apt.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
