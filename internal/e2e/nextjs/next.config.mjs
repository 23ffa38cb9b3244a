// The app lies inside a repository that has other lockfiles.
export default { turbopack: { root: import.meta.dirname }, outputFileTracingRoot: import.meta.dirname }
