export { directoryRoutes, type DirectoryRoutes } from './directory-routes';
