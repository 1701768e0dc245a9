// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// What tokens of the zoo ask of a Uniswap V2 pair.
interface IPair {
    function burn(address to) external returns (uint256, uint256);
    function sync() external;
    function balanceOf(address holder) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
}
